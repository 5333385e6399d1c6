"""Guidance distillation (Meng et al., arXiv 2210.03142, section 3.1): one pass learns what guidance does with two.

The student takes the guidance scale as an input beside the timestep, as latent consistency models do
(`time_cond_proj_dim`), so the stock pipeline runs it, and its guidance slider stays alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate.utils import extract_model_from_parallel
from diffusers import DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn

from errors import ConfigError
from training import options
from training.base_training import NOISE, NONE, Batch, Conditions, Stored, noisy_batch
from training.export import export_student
from training.lesson import Material, prepare, teacher_of
from training.loop.samples import Sheet
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.surgery import settings_of
from training.teacher import refuse

GUIDANCE_WIDTH = 128  # of the scale's sinusoidal embedding
SCALES = (1.0, 4.0)  # what the student is taught, evenly; 1 is no guidance


def guided(unconditional: Tensor, conditional: Tensor, scale: Tensor) -> Tensor:
    """u + s (c − u), classifier-free guidance (arXiv 2207.12598): (batch, …) each, `scale` (batch,)."""
    return unconditional + scale.view(-1, *[1] * (conditional.dim() - 1)) * (conditional - unconditional)


def guidance_loss(guess: Tensor, unconditional: Tensor, conditional: Tensor, scale: Tensor) -> Tensor:
    """L = E ‖u + s (c − u) − student(z_t, t, y, s)‖², u and c being the teacher's answers without and with the prompt.

    (batch, channels, height, width) each, `scale` (batch,). For nets that predict v this is the paper's distance
    between the pictures x with the weight SNR + 1, for those that predict the noise with SNR. A scalar, the mean over
    all elements.
    """
    return F.mse_loss(guess, guided(unconditional, conditional, scale).detach())


def takes_guidance(teacher: UNet2DConditionModel, width: int = GUIDANCE_WIDTH) -> UNet2DConditionModel:
    """A copy of the teacher that also takes the scale's embedding (batch, width); at first it makes no difference.

    Raises ConfigError for a teacher that takes one already, or is of another class than diffusers' own.
    """
    settings = settings_of(teacher)
    if settings["time_cond_proj_dim"]:
        raise ConfigError("This teacher takes the guidance scale already. Choose one that is asked twice a step.")
    with teacher.device:
        student = UNet2DConditionModel(**{**settings, "time_cond_proj_dim": width})
    lacking = student.load_state_dict(teacher.state_dict(), strict=False).missing_keys
    assert lacking == ["time_embedding.cond_proj.weight"]
    torch.nn.init.zeros_(student.time_embedding.cond_proj.weight)
    return student


def embedded(scale: Tensor, width: int = GUIDANCE_WIDTH) -> Tensor:
    """(batch,) → (batch, width) on its device, as the stock pipeline tells the scale to the U-Net."""
    found: Tensor = StableDiffusionPipeline.get_guidance_scale_embedding(None, scale.cpu() - 1, width)  # on a CPU alone
    return found.to(scale.device)


def one_pass(
    net: nn.Module, noisy: Tensor, times: Tensor, texts: Tensor, scale: Tensor, conditions: Conditions = NONE
) -> Tensor:
    """What a net that takes the scale predicts."""
    told = embedded(scale, extract_model_from_parallel(net).config.time_cond_proj_dim)
    guess: Tensor = net(noisy, times, texts, timestep_cond=told, added_cond_kwargs=dict(conditions)).sample
    return guess


def both_passes(
    net: nn.Module,
    noisy: Tensor,
    times: Tensor,
    texts: Tensor,
    empty: Tensor,
    conditions: Conditions = NONE,
    unled: Conditions = NONE,
) -> tuple[Tensor, Tensor]:
    """What a net predicts without and with the prompt; `empty` (77, width) is the empty prompt's text, and `unled` its
    conditions."""
    all_texts = torch.cat([empty.expand_as(texts), texts])
    added = {name: torch.cat([unled[name], value]) for name, value in conditions.items()}
    both: Tensor = net(torch.cat([noisy] * 2), torch.cat([times] * 2), all_texts, added_cond_kwargs=added).sample
    unconditional, conditional = both.chunk(2)
    return unconditional, conditional


def random_scales(batch: int, place: Place, scales: tuple[float, float] = SCALES) -> Tensor:
    """(batch,) by chance, always the same at one place."""
    return torch.empty(batch).uniform_(*scales, generator=place.dice(4))


def train_guidance(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    schedule: Schedule,
    checkpoint: Path,
    *,
    batch: int = 16,
    seed: int = 2,
    parts: int = 2,
    scales: tuple[float, float] = SCALES,
    setup: Setup | None = None,
    noise: Mapping[str, Any] = NOISE,
    sheet: Sheet | None = None,
) -> None:
    """`noise`: the teacher's scheduler settings; the student predicts what the teacher does."""
    scheduler = DDPMScheduler.from_config(noise)
    teacher.eval().requires_grad_(False)
    empty = stored.empty.float().to(student.device)

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        drawn: Batch = noisy_batch(stored, scheduler, batch, place, student.device)
        scale = random_scales(batch, place, scales).to(student.device)
        with torch.no_grad():
            asked, unled = (drawn.noisy, drawn.times, drawn.texts), stored.unled(drawn.conditions)
            unconditional, conditional = both_passes(teacher, *asked, empty, drawn.conditions, unled)
        guess = one_pass(net, *asked, scale, drawn.conditions)
        return guidance_loss(guess, unconditional, conditional, scale), batch

    made_of = {**stored.made_of, "teacher's weights": teacher, "--scales": "{:g} {:g}".format(*scales)}
    train(student, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, sheet=sheet, made_of=made_of)


@options.spread
def main(
    material: Material = Material(),
    out: options.Out = Path("runs/guidance"),
    whole: options.Whole = True,
    scales: options.Scales = SCALES,
    learning: Learning = Learning(steps=2000, rate=5e-4, batch=16, accumulation=2, seed=2),
    work: options.Work = Path("runs/mini"),
    setup: Setup = Setup(),
) -> None:
    """Distil guidance into one pass (arXiv 2210.03142): half the U-Net passes, and the slider stays.

    The student starts with its teacher's weights and takes the guidance scale as an input beside the timestep.
    """
    teacher = teacher_of(material, setup, learning.accumulation)
    refuse(teacher, "guidance distillation", flexible=False, takes_scale=False)
    lesson = prepare(teacher, material, work, setup, learning.batch)
    student = takes_guidance(teacher.unet)
    train_guidance(
        student,
        teacher.unet,
        lesson.stored,
        learning.schedule(decay=0.7, average=0.99),
        work / "guidance.pt",
        batch=learning.batch,
        seed=learning.seed,
        parts=learning.accumulation,
        scales=scales,
        setup=setup,
        noise=teacher.noise.config,
        sheet=lesson.sheet(),
    )
    if setup.first():
        export_student(out, teacher.spec, {"unet": student}, whole=whole)
