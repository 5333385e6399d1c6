"""The flexible student: its noise levels beside its teacher's, its sampler, and that it learns."""

from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler

from models.flexible_unet import FlexibleUNet2DConditionModel
from training.architectures import MINI_DECI, denoiser, flexible
from training.base_training import NOISE, Stored, noisy_batch
from training.flexible_distillation import ZERO_SNR, same_noise, train_flexible, zero_snr_scheduler
from training.loop.schedule import Schedule
from training.loop.train import Place


def test_the_last_time_is_noise_alone() -> None:
    own = DDPMScheduler.from_config({**NOISE, **ZERO_SNR})
    assert float(own.alphas_cumprod[-1]) == 0.0
    assert float(own.alphas_cumprod[0]) == pytest.approx(1 - 0.00085)


def test_the_teachers_time_has_the_same_noise() -> None:
    own, theirs = DDPMScheduler.from_config({**NOISE, **ZERO_SNR}), DDPMScheduler.from_config(NOISE)
    times = same_noise(own, theirs)
    alphas, teachers = own.alphas_cumprod.sqrt(), theirs.alphas_cumprod.sqrt()
    reached = alphas >= teachers[-1]
    assert float((alphas - teachers[times])[reached].abs().max()) < 0.0015
    assert set(times[~reached].tolist()) == {999}  # where the student has less of the picture than the teacher ever
    assert times[0] == 0
    assert same_noise(theirs, theirs).tolist() == list(range(1000))


@pytest.mark.parametrize("steps", [1, 4, 10])
def test_its_sampler_starts_where_there_is_no_signal(steps: int) -> None:
    sampler = zero_snr_scheduler()
    sampler.set_timesteps(steps)
    assert sampler.timesteps[0] == 999
    assert float(sampler.alphas_cumprod[999]) == 0.0
    assert sampler.config.prediction_type == "v_prediction"


def test_it_learns_from_its_teacher(tmp_path: Path) -> None:
    torch.manual_seed(0)
    teacher = denoiser(8, 128)
    student = flexible(teacher, MINI_DECI)
    dice = torch.Generator().manual_seed(0)
    texts = torch.randn(4, 1, 5, 128, generator=dice).half()
    stored = Stored(latents=torch.randn(4, 8, 16, 16, generator=dice).half(), texts=texts, empty=texts[0, 0])
    batch = noisy_batch(stored, DDPMScheduler.from_config({**NOISE, **ZERO_SNR}), 4, Place(9, 0, 0), student.device)

    def distance(net: FlexibleUNet2DConditionModel) -> float:
        with torch.no_grad():
            return float((batch.prediction(net) - batch.target).square().mean())

    before = distance(student)
    train_flexible(
        student, teacher, stored, Schedule(steps=6, rate=2e-2, average=0.0), tmp_path / "deci.pt", batch=4, parts=1
    )
    assert distance(student) < before
