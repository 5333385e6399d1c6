"""Block distillation (BK-SDM, arXiv 2305.15798): a U-Net with blocks left out learns from the whole one.

In several rounds it is SSD-1B's progressive removal (arXiv 2401.02677; its script is github.com/segmind/SSD-1B,
distill_sdxl.py at 3bf633b). Which blocks are left out, `surgery` says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
import typer
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from training import options
from training.base_training import NOISE, Batch, Stored, noisy_batch
from training.export import export_student
from training.lesson import Lesson, Material, prepare, teacher_of
from training.loop.samples import Sheet
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.shapes import latents
from training.surgery import STUDENTS, Blocks, Removal, StudentName, blocks, shrunk, stages
from training.teacher import refuse

Names = Callable[[UNet2DConditionModel], list[str]]
After = Literal["stages", "blocks"]
WATCHED: Mapping[After, Names] = {
    "stages": stages,  # as BK-SDM
    "blocks": blocks,  # as SSD-1B: after each residual and attention block
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of the terms: 1, 1, 1 in BK-SDM's script and 1, 0.5, 0.5 in SSD-1B's.

    Here features count less: with a mean square of 6 to 48 they would drown the others.
    """

    task: float = 1.0
    output: float = 1.0
    features: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything."""

    schedule: Schedule
    student: StudentName = "mini-bk-sdm"
    weights: Weights = Weights()
    watched: After = "stages"
    batch: int = 8  # of one part
    parts: int = 2  # of a batch
    seed: int = 1  # another than the teacher's: other noise


PLAN = Plan(schedule=Schedule(steps=4800, rate=8e-4, decay=0.7, average=0.997, save_every=100))


def task_loss(guess: Tensor, target: Tensor) -> Tensor:
    """L_task = E ‖target − student(z_t, t, y)‖²: what every diffusion model is trained on.

    Both (batch, channels, height, width); the target is the noise, or v as here. A scalar, the mean over all elements.
    """
    return F.mse_loss(guess, target)


def output_loss(guess: Tensor, teacher: Tensor) -> Tensor:
    """L_OutKD = E ‖teacher(z_t, t, y) − student(z_t, t, y)‖² (the paper's). Shapes as in the task loss."""
    return F.mse_loss(guess, teacher.detach())


def feature_loss(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """L_FeatKD = E Σ_l ‖f_l teacher(z_t, t, y) − f_l student(z_t, t, y)‖², l over the stages.

    So in BK-SDM; in SSD-1B (arXiv 2401.02677) l goes over all residual and attention blocks, and the middle as one.
    One (batch, channels of l, height of l, width of l) of each, in the data's order. A scalar: the sum over l of the
    mean over all elements, as in both papers' scripts; an unequal number of features is a ValueError.
    """
    pairs = zip(student, teacher, strict=True)
    return torch.stack([F.mse_loss(one, other.detach()) for one, other in pairs]).sum()


class Watched:
    """A U-Net of which the outputs of some blocks are seen; several threads may ask at once."""

    def __init__(self, net: UNet2DConditionModel, names: Iterable[str]) -> None:
        """`names` in the order of the data's way."""
        self.net = net
        self.local = threading.local()
        self.hooks = [net.get_submodule(name).register_forward_hook(self._see) for name in names]

    def _see(self, _block: nn.Module, _given: object, output: Tensor | tuple[Tensor, ...]) -> None:
        if (seen := getattr(self.local, "seen", None)) is not None:
            seen.append(output[0] if isinstance(output, tuple) else output)

    def __call__(self, batch: Batch, net: nn.Module | None = None) -> tuple[Tensor, list[Tensor]]:
        """The prediction, and each block's output; `net` is the U-Net as it was prepared for training, if it was."""
        seen: list[Tensor] = []
        self.local.seen = seen
        guess = batch.prediction(net or self.net)
        self.local.seen = None
        return guess, seen

    def close(self) -> None:
        """Look no longer."""
        for hook in self.hooks:
            hook.remove()


def watched(student: UNet2DConditionModel, teacher: UNet2DConditionModel, which: Names) -> tuple[Watched, Watched]:
    """Both so that what is seen of the one is to be compared with what is seen of the other."""
    names = which(student)
    origin = Blocks.of(student.state_dict(), teacher.state_dict())
    return Watched(student, names), Watched(teacher, [origin.source(name) for name in names])


def train_student(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    plan: Plan,
    checkpoint: Path,
    setup: Setup | None = None,
    noise: Mapping[str, Any] = NOISE,
    sheet: Sheet | None = None,
) -> None:
    """`noise`: the teacher's scheduler settings; the student predicts what the teacher does."""
    scheduler = DDPMScheduler.from_config(noise)
    teacher.eval().requires_grad_(False)
    learner, model = watched(student, teacher, WATCHED[plan.watched])

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        drawn = noisy_batch(stored, scheduler, plan.batch, place, student.device)
        with torch.no_grad():
            wanted, wanted_features = model(drawn)
        guess, features = learner(drawn, net)
        loss = plan.weights.task * task_loss(guess, drawn.target)
        loss = loss + plan.weights.output * output_loss(guess, wanted)
        return loss + plan.weights.features * feature_loss(features, wanted_features), plan.batch

    train(
        student,
        loss_at,
        plan.schedule,
        checkpoint,
        seed=plan.seed,
        parts=plan.parts,
        setup=setup,
        sheet=sheet,
        made_of={
            **stored.made_of,
            "teacher's weights": teacher,
            "weights of the losses": plan.weights,
            "--watched": plan.watched,
        },
    )
    learner.close()
    model.close()


def train_in_rounds(
    teacher: UNet2DConditionModel,
    rounds: Sequence[Removal],
    stored: Stored,
    plan: Plan,
    work: Path,
    setup: Setup | None = None,
    noise: Mapping[str, Any] = NOISE,
    sheet: Sheet | None = None,
) -> UNet2DConditionModel:
    """The student after all rounds: something is removed, what is left learns from the whole teacher, and again.

    A round's student starts with the weights that the round before has trained. Each round has its own checkpoint.
    """
    student = teacher
    for number, removal in enumerate(rounds):
        student = shrunk(student, removal.changes, removal.kept).float()  # whatever precision its teacher answers in
        steps, horizon = (round(removal.share * whole) for whole in (plan.schedule.steps, plan.schedule.horizon))
        part = replace(plan, schedule=replace(plan.schedule, steps=steps, horizon=horizon))
        train_student(student, teacher, stored, part, work / f"{plan.student}-{number + 1}.pt", setup, noise, sheet)
    return student


def distil(lesson: Lesson, work: Path, out: Path, plan: Plan, setup: Setup, *, whole: bool = False) -> None:
    """Train the student of the teacher's U-Net on its stored pictures and captions; write its checkpoint folder."""
    unet, noise = lesson.teacher.unet, lesson.teacher.noise.config
    student = train_in_rounds(
        unet, STUDENTS[plan.student], lesson.stored, plan, work, setup, noise, sheet=lesson.sheet()
    )
    if setup.first():
        export_student(out, lesson.teacher.spec, {"unet": student}, whole=whole)


def stored_pictures(folder: Path, teacher: Path) -> Stored:
    """What `python -m training base` has stored, scaled as the teacher's latents are. Raises ConfigError."""
    return latents.load_all(folder, AutoencoderKL.load_config(teacher / "vae")["scaling_factor"])


@options.spread
def main(
    material: Material = Material(),
    student: Annotated[StudentName, typer.Option(help="What is left of the teacher.")] = "mini-bk-sdm",
    watched: Annotated[After, typer.Option(help="After what features are compared.")] = "stages",
    out: options.Out = Path("runs/block"),
    whole: options.Whole = True,
    task: Annotated[float, typer.Option(help="Weight of the denoising task's loss.")] = 1.0,
    output: Annotated[float, typer.Option(help="Weight of the distance from the teacher's output.")] = 1.0,
    features: Annotated[float, typer.Option(help="Weight of the distance from its stages' outputs.")] = 0.01,
    learning: Learning = Learning(
        steps=PLAN.schedule.steps, rate=PLAN.schedule.rate, batch=PLAN.batch, accumulation=PLAN.parts, seed=PLAN.seed
    ),
    work: options.Work = Path("runs/mini"),
    setup: Setup = Setup(),
) -> None:
    """Distil a block-removed U-Net from a whole one: BK-SDM's method (arXiv 2305.15798), and SSD-1B's.

    Blocks are left out; the others keep their weights and learn the task, the teacher's output, and the outputs
    of its blocks.
    """
    plan = Plan(
        schedule=replace(PLAN.schedule, steps=learning.steps, rate=learning.rate),
        student=student,
        watched=watched,
        weights=Weights(task=task, output=output, features=features),
        batch=learning.batch,
        parts=learning.accumulation,
        seed=learning.seed,
    )
    teacher = teacher_of(material, setup, learning.accumulation)
    refuse(teacher, "block distillation", flexible=False, takes_scale=False)
    distil(prepare(teacher, material, work, setup, learning.batch), work, out, plan, setup, whole=whole)
