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

from training.block_distillation import output_loss, task_loss
from training.denoiser import NOISE, Stored, noisy_batch
from training.export import SAMPLING
from training.loop import Place, Schedule, train
from training.predictions import V
from training.setup import Setup

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

    student.train()
    train(student, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup)
    student.eval()


def zero_snr_scheduler(noise: Mapping[str, Any] = NOISE) -> DDIMScheduler:
    """DDIM as DeciDiffusion's repository names it, with trailing spacing: a run starts at the last training time."""
    return DDIMScheduler.from_config({**noise, **SAMPLING, **ZERO_SNR})
