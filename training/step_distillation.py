"""Progressive distillation (Salimans & Ho, arXiv 2202.00512): one step of the student does what several did.

With `--guided` the distance is measured after guidance, as SnapFusion's CFG-aware loss does (arXiv 2306.00980).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import torch.nn.functional as F
import typer
from accelerate.utils import extract_model_from_parallel
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from errors import ConfigError
from training import options
from training.base_training import NONE, Conditions, Stored
from training.export import export_student, few_step_scheduler
from training.guidance_distillation import SCALES, both_passes, guided, one_pass, random_scales
from training.lesson import Material, prepare, teacher_of
from training.loop.samples import Sheet
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.predictions import velocity_from
from training.teacher import beginner, load

Predict = Callable[[Tensor, Tensor], Tensor]  # noisy latents (batch, c, h, w) and times (batch,) → v like the latents


@dataclass(frozen=True)
class Levels:
    """How much is left of the picture, α, and how much noise, σ, at each training time; at time −1 there is none."""

    alphas: Tensor  # (times + 1,), the last one at −1
    sigmas: Tensor

    @classmethod
    def of(cls, scheduler: DDPMScheduler) -> Levels:
        kept = torch.cat([scheduler.alphas_cumprod, torch.ones(1)])
        return cls(kept.sqrt(), (1 - kept).sqrt())

    def at(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """α and σ as (batch, 1, 1, 1)."""
        where = times.to(self.alphas.device)
        alpha, sigma = (kept[where].view(-1, 1, 1, 1).to(times.device) for kept in (self.alphas, self.sigmas))
        return alpha, sigma


def time_of(left: Tensor, planned: int = 1000) -> Tensor:
    """Training times at which the share `left` of a run is still to come; trailing spacing. 0 is −1, the picture."""
    return (left * planned).round().long() - 1


def ddim_step(noisy: Tensor, v: Tensor, here: tuple[Tensor, Tensor], there: tuple[Tensor, Tensor]) -> Tensor:
    """From α, σ `here` to those `there` without new noise (DDIM, arXiv 2010.02502).

    z' = α' (α z − σ v) + σ' (σ z + α v), all (batch, channels, height, width).
    """
    (alpha, sigma), (alpha_there, sigma_there) = here, there
    return alpha_there * (alpha * noisy - sigma * v) + sigma_there * (sigma * noisy + alpha * v)


def one_step_target(
    noisy: Tensor, reached: Tensor, here: tuple[Tensor, Tensor], there: tuple[Tensor, Tensor]
) -> Tensor:
    """The v that leads in one DDIM step from `noisy` to `reached`, where the teacher came in several.

    The paper's x̃ = (z″ − (σ″/σ) z) / (α″ − (σ″/σ) α), its algorithm 2, told as v = (α z − x̃) / σ.
    """
    (alpha, sigma), (alpha_there, sigma_there) = here, there
    ratio = sigma_there / sigma
    picture = (reached - ratio * noisy) / (alpha_there - ratio * alpha)
    return (alpha * noisy - picture) / sigma


def step_loss(guess: Tensor, target: Tensor) -> Tensor:
    """L = E ‖target − student(z_t, t)‖² on v, which weighs the distance of pictures by SNR + 1 (the paper's section 4).

    (batch, channels, height, width) each. A scalar, the mean over all elements.
    """
    return F.mse_loss(guess, target.detach())


def predicting(
    net: nn.Module,
    texts: Tensor,
    empty: Tensor | None,
    scale: Tensor,
    conditions: Conditions = NONE,
    unled: Conditions = NONE,
) -> Predict:
    """How the net is asked: with the scale if it takes one, else with guidance if the `empty` text is given."""
    if takes_scale(net):
        return lambda noisy, times: one_pass(net, noisy, times, texts, scale, conditions)
    if empty is not None:
        return lambda noisy, times: guided(*both_passes(net, noisy, times, texts, empty, conditions, unled), scale)
    return lambda noisy, times: net(noisy, times, texts, added_cond_kwargs=dict(conditions)).sample


def takes_scale(net: nn.Module) -> bool:
    """Whether guidance was distilled into it."""
    return extract_model_from_parallel(net).config.time_cond_proj_dim is not None


def led_share(student: nn.Module, teacher: nn.Module, asked: float) -> float:
    """Of the batches those with guidance: where one of both is told the scale, the other must always follow it."""
    return 1.0 if takes_scale(student) or takes_scale(teacher) else asked


def as_velocity(predict: Predict, levels: Levels, kind: str) -> Predict:
    """The same net asked for v, where it predicts the noise or the picture (`kind`)."""
    return lambda noisy, times: velocity_from(predict(noisy, times), noisy, *levels.at(times), kind)


@torch.no_grad()
def teachers_way(
    teacher: Predict, noisy: Tensor, left: Tensor, step: float, teacher_steps: int, levels: Levels
) -> Tensor:
    """The target of a student's step from `left` to `left` − `step`, both shares of a run: `teacher_steps` of DDIM."""
    first, reached = levels.at(time_of(left)), noisy
    for number in range(teacher_steps):
        start, end = (time_of(left - step * (number + k) / teacher_steps) for k in (0, 1))
        reached = ddim_step(reached, teacher(reached, start), levels.at(start), levels.at(end))
    return one_step_target(noisy, reached, first, levels.at(time_of(left - step)))


@dataclass(frozen=True, kw_only=True)
class Halving:
    """A student of so many steps learns from so many of its teacher's."""

    steps: int  # the student's
    teacher_steps: int  # the teacher's, a multiple of them

    def __post_init__(self) -> None:
        if self.teacher_steps % self.steps:
            raise ValueError(
                f"{self.teacher_steps} steps of the teacher are no multiple of the student's {self.steps}."
            )


def train_steps(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    halvings: tuple[Halving, ...],
    schedule: Schedule,
    checkpoint: Path,
    *,
    noise: Mapping[str, Any],
    guided_share: float = 0.0,
    batch: int = 16,
    seed: int = 3,
    parts: int = 2,
    scales: tuple[float, float] = SCALES,
    setup: Setup | None = None,
    sheet: Sheet | None = None,
) -> None:
    """Several halvings: taken in turn, batch by batch, so that one student knows several numbers of steps.

    `noise`: the teacher's scheduler settings. The student predicts v whatever the teacher does, for with few steps a
    prediction of the noise says too little of the picture (the paper's section 4): of a teacher that predicts the
    noise, a halving with as many steps for both teaches v first.
    """
    scheduler = DDPMScheduler.from_config(noise)
    levels, kind = Levels.of(scheduler), scheduler.config.prediction_type
    teacher.eval().requires_grad_(False)
    empty = stored.empty.float().to(student.device)
    share = led_share(student, teacher, guided_share)

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        halving = halvings[place.step % len(halvings)]
        dice = place.dice()
        picked = torch.randint(len(stored.latents), (batch,), generator=dice)
        wording = torch.randint(stored.texts.shape[1], (batch,), generator=dice)
        texts, conditions = stored.prompts(picked, wording, torch.zeros(batch, dtype=torch.bool), student.device)
        latents = stored.latents[picked].float()
        left = torch.randint(1, halving.steps + 1, (batch,), generator=dice) / halving.steps
        leading = empty if float(torch.rand((), generator=dice)) < share else None
        alpha, sigma = levels.at(time_of(left))
        noisy = (alpha * latents + sigma * torch.randn(latents.shape, generator=dice)).to(student.device)
        scale = random_scales(batch, place, scales).to(student.device)
        times, left = time_of(left).to(student.device), left.to(student.device)
        asked = (texts, leading, scale, conditions, stored.unled(conditions))
        leader, ratio = as_velocity(predicting(teacher, *asked), levels, kind), halving.teacher_steps // halving.steps
        target = teachers_way(leader, noisy, left, 1 / halving.steps, ratio, levels)
        return step_loss(predicting(net, *asked)(noisy, times), target), batch

    told = {"--halving": said(halvings), "--guided-share": share, "--scales": "{:g} {:g}".format(*scales)}
    made_of = {**stored.made_of, "teacher's weights": teacher, **told}
    train(student, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, sheet=sheet, made_of=made_of)


def train_in_stages(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    stages: Sequence[tuple[Halving, ...]],
    schedule: Schedule,
    work: Path,
    **settings: Any,
) -> None:
    """One stage after another, each with its own checkpoint; what one has made teaches the next."""
    for number, halvings in enumerate(stages, 1):
        student.requires_grad_(True)
        train_steps(student, teacher, stored, halvings, schedule, work / f"steps-{number}.pt", **settings)
        teacher = deepcopy(student)


def said(halvings: Iterable[Halving]) -> str:
    """As the command line takes a stage."""
    return ",".join(f"{it.teacher_steps}:{it.steps}" for it in halvings)


def stage(text: str) -> tuple[Halving, ...]:
    """Of 8:4 or 4:4,4:2, each the teacher's steps and the student's. Raises ConfigError."""
    try:
        pairs = [tuple(map(int, each.split(":"))) for each in text.split(",")]
        return tuple(Halving(teacher_steps=theirs, steps=own) for theirs, own in pairs)
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(
            f"--halving {text}: say the teacher's steps, a multiple, and the student's as 16:8, or several as 4:4,4:2."
        ) from error


@options.spread
def main(
    material: Material = Material(),
    student: Annotated[
        str, typer.Option(help="Model that the student starts as, named as --teacher is; else the teacher.")
    ] = "",
    out: options.Out = Path("runs/steps"),
    whole: options.Whole = True,
    halving: Annotated[
        list[str], typer.Option(help="Repeatable: steps of the teacher, then of the student, which teaches the next.")
    ] = ["16:8", "8:4"],  # noqa: B006 - typer copies it
    guided_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the batches compared after guidance, where no net takes the scale.")
    ] = 0.7,
    scales: options.Scales = SCALES,
    learning: Learning = Learning(steps=1000, rate=4e-4, batch=16, accumulation=2, seed=3),
    work: options.Work = Path("runs/mini"),
    setup: Setup = Setup(),
) -> None:
    """Distil steps (arXiv 2202.00512): one of the student's does what several of its teacher's did.

    --steps are those of each halving. Of a teacher that takes the guidance scale as an input, so does the student.
    """
    stages = [stage(text) for text in halving]
    teacher = teacher_of(material, setup, learning.accumulation)
    own = beginner((load(student, setup.where().type, lambda event: None) if student else teacher).unet)
    lesson = prepare(teacher, material, work, setup, learning.batch)
    noise = teacher.noise.config
    sampled = few_step_scheduler(noise)
    train_in_stages(
        own,
        teacher.unet,
        lesson.stored,
        stages,
        learning.schedule(decay=0.7, average=0.99),
        work,
        noise=noise,
        guided_share=guided_share,
        batch=learning.batch,
        seed=learning.seed,
        parts=learning.accumulation,
        scales=scales,
        setup=setup,
        sheet=lesson.sheet(sampled, steps=stages[-1][-1].steps),
    )
    if setup.first():
        export_student(out, teacher.spec, {"unet": own}, sampled, whole=whole)
