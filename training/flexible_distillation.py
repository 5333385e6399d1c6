"""Distillation into a flexible U-Net, as DeciDiffusion's, with a noise schedule of its own: how mini-deci is made.

DeciDiffusion was trained from nothing; here a teacher helps. The schedule ends at noise alone (zero terminal SNR, Lin
et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", arXiv 2305.08891), so that the first step of a
run starts from what training has seen there, and the student predicts v, which alone says something at that end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from errors import ConfigError
from models.spec import Family
from training import options
from training.architectures import MINI_DECI, flexible
from training.base_training import NOISE, Stored, noisy_batch
from training.block_distillation import output_loss, task_loss
from training.export import SAMPLING, export_student
from training.lesson import Material, prepare, teacher_of
from training.loop.samples import Sheet
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.predictions import V
from training.teacher import Teacher, refuse

ZERO_SNR = {"rescale_betas_zero_snr": True, "prediction_type": V}


def same_noise(student: DDPMScheduler, teacher: DDPMScheduler) -> Tensor:
    """(times of the student,): the teacher's time at which α is nearest to the student's at each of its own."""
    own, theirs = (scheduler.alphas_cumprod.sqrt() for scheduler in (student, teacher))
    nearest: Tensor = (own[:, None] - theirs[None]).abs().argmin(1)
    return nearest


def train_flexible(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    schedule: Schedule,
    checkpoint: Path,
    *,
    noise: Mapping[str, Any] = NOISE,
    batch: int = 16,
    seed: int = 4,
    parts: int = 2,
    setup: Setup | None = None,
    sheet: Sheet | None = None,
) -> None:
    """By the task's loss and the distance from the teacher's output. `noise`: the teacher's, which must predict v."""
    theirs = DDPMScheduler.from_config(noise)
    own = DDPMScheduler.from_config({**noise, **ZERO_SNR})
    times = same_noise(own, theirs).to(student.device)
    teacher.eval().requires_grad_(False)

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        drawn = noisy_batch(stored, own, batch, place, student.device)
        with torch.no_grad():
            wanted = teacher(drawn.noisy, times[drawn.times], drawn.texts).sample
        guess = drawn.prediction(net)
        return task_loss(guess, drawn.target) + output_loss(guess, wanted), batch

    made_of = {**stored.made_of, "teacher's weights": teacher}
    train(student, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, sheet=sheet, made_of=made_of)


def refuse_unlike(teacher: Teacher) -> None:
    """Raises ConfigError for a teacher of another kind than mini-deci: of other text states, or that predicts no v."""
    config, predicted = teacher.unet.config, teacher.noise.config.prediction_type
    width, taken = config.cross_attention_dim, MINI_DECI["cross_attention_dim"]
    if (width, config.addition_embed_type, predicted) != (taken, None, V):
        raise ConfigError(
            f"--teacher {teacher.spec.name} predicts {predicted}, led by text states of width {width}. This method "
            f"makes mini-deci of a teacher that predicts {V}, led by text states of width {taken} and nothing beside. "
            "Choose mini-sd."
        )


def zero_snr_scheduler(noise: Mapping[str, Any] = NOISE) -> DDIMScheduler:
    """DDIM as DeciDiffusion's repository names it, with trailing spacing: a run starts at the last training time."""
    return DDIMScheduler.from_config({**noise, **SAMPLING, **ZERO_SNR})


@options.spread
def main(
    material: Material = Material(),
    out: options.Out = Path("runs/flexible"),
    whole: options.Whole = True,
    learning: Learning = Learning(steps=2600, rate=8e-4, batch=16, accumulation=2, seed=4),
    work: options.Work = Path("runs/mini"),
    setup: Setup = Setup(),
) -> None:
    """Distil a stock U-Net into a flexible one, as DeciDiffusion's is, whose noise levels end at noise alone.

    The student starts with its teacher's weights where the two have the same blocks.
    """
    teacher = teacher_of(material, setup, learning.accumulation)
    refuse(teacher, "flexible distillation", flexible=False, takes_scale=False)
    refuse_unlike(teacher)
    lesson = prepare(teacher, material, work, setup, learning.batch)
    torch.manual_seed(learning.seed)
    student = flexible(teacher.unet, MINI_DECI).to(setup.where())
    noise = teacher.noise.config
    sampled = zero_snr_scheduler(noise)
    train_flexible(
        student,
        teacher.unet,
        lesson.stored,
        learning.schedule(decay=0.7, average=0.997),
        work / "flexible.pt",
        noise=noise,
        batch=learning.batch,
        seed=learning.seed,
        parts=learning.accumulation,
        setup=setup,
        sheet=lesson.sheet(sampled),
    )
    if setup.first():
        export_student(out, teacher.spec, {"unet": student}, sampled, family=Family.DECIDIFFUSION, whole=whole)
