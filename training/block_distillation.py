"""Block distillation (BK-SDM, arXiv 2305.15798): a U-Net with blocks left out learns from the whole one."""

from __future__ import annotations

import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import torch
import torch.nn.functional as F
import typer
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from errors import ConfigError
from training import latents
from training.denoiser import NOISE, Batch, Stored, noisy_batch
from training.export import LARGEST_FILE
from training.judge import WEIGHTS
from training.loop import Schedule, train

Settings = Mapping[str, Any]

# What a student has otherwise than its teacher.
BK_SMALL: Settings = {"layers_per_block": 1, "mid_block_type": None}  # as published
MINI: Settings = {
    "layers_per_block": (0, 1, 1),  # of the outermost stage the only pair on the way down, one of two on the way up
    "mid_block_type": None,
    # Each other residual block changes the width or takes a skip connection, so only its attention can go.
    "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}
RESIDUAL = re.compile(r"((?:down|up)_blocks\.\d+)\.resnets\.(\d+)\.norm1\.weight")
UP_PAIR = re.compile(r"(up_blocks\.\d+)\.(resnets|attentions)\.(\d+)\.(.+)")


def shrunk(teacher: UNet2DConditionModel, changes: Settings) -> UNet2DConditionModel:
    """The student, its weights taken from its teacher's remaining blocks. Raises ConfigError if they do not fit it."""
    settings = {key: value for key, value in teacher.config.items() if not key.startswith("_")}
    whole = teacher.state_dict()
    try:
        with teacher.device:
            student = UNet2DConditionModel(**{**settings, **changes})
        taken = sources(student.state_dict(), whole)
        student.load_state_dict({key: whole[name] for key, name in taken.items()})
    except (ValueError, KeyError, RuntimeError) as error:  # diffusers, a block that is not there, other shapes
        layout = ", ".join(f"{key} {settings[key]}" for key in ("down_block_types", "layers_per_block"))
        raise ConfigError(
            f"The student's blocks are not in this teacher ({layout}). Choose one as mini-sd is."
        ) from error
    return student


def sources(student: Iterable[str], teacher: Iterable[str]) -> dict[str, str]:
    """From which of its teacher's tensors each of the student's starts.

    Of a stage's pairs of residual and attention block, the way down keeps the first ones, which work on the new
    resolution. The way up keeps the first ones too, but its last is the teacher's last: it takes the same skip
    connection, so the same widths (as `copy_weight_from_teacher` in github.com/Nota-NetsPresso/BK-SDM).
    """
    student = list(student)
    kept, all_pairs = residual_blocks(student), residual_blocks(teacher)

    def source(key: str) -> str:
        if not (found := UP_PAIR.fullmatch(key)):
            return key
        stage, kind, number, rest = found.groups()
        last = int(number) > 0 and int(number) == kept[stage] - 1
        return f"{stage}.{kind}.{all_pairs[stage] - 1}.{rest}" if last else key

    return {key: source(key) for key in student}


def residual_blocks(keys: Iterable[str]) -> Counter[str]:
    """How many each stage has."""
    return Counter(found[1] for key in keys if (found := RESIDUAL.fullmatch(key)))


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of the terms: 1, 1, 1 in the paper's script; here features, of mean square 6 to 48, would drown the others."""

    task: float = 1.0
    output: float = 1.0
    features: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything."""

    schedule: Schedule
    weights: Weights = Weights()
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
    """L_FeatKD = E Σ_l ‖f_l teacher(z_t, t, y) − f_l student(z_t, t, y)‖² (the paper's), l over the stages.

    One (batch, channels of l, height of l, width of l) of each stage, down then up. A scalar: the sum over the stages
    of the mean over all elements, as in the paper's script; an unequal number of stages is a ValueError.
    """
    pairs = zip(student, teacher, strict=True)
    return torch.stack([F.mse_loss(one, other.detach()) for one, other in pairs]).sum()


class Watched:
    """A U-Net whose stages' outputs are seen; several threads may ask at once."""

    def __init__(self, net: UNet2DConditionModel) -> None:
        self.net = net
        self.local = threading.local()
        for stage in (*net.down_blocks, *net.up_blocks):
            stage.register_forward_hook(self._see)

    def _see(self, _stage: nn.Module, _given: object, output: Tensor | tuple[Tensor, ...]) -> None:
        if (seen := getattr(self.local, "seen", None)) is not None:
            seen.append(output[0] if isinstance(output, tuple) else output)

    def __call__(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """The prediction, and each stage's output in the order of the data's way."""
        seen: list[Tensor] = []
        self.local.seen = seen
        guess = batch.prediction(self.net)
        self.local.seen = None
        return guess, seen


def train_student(
    student: UNet2DConditionModel,
    teacher: UNet2DConditionModel,
    stored: Stored,
    plan: Plan,
    checkpoint: Path,
) -> None:
    scheduler = DDPMScheduler(**NOISE)
    teacher.eval().requires_grad_(False)
    learner, model = Watched(student), Watched(teacher)

    def loss_at(step: int, part: int) -> tuple[Tensor, int]:
        drawn = noisy_batch(stored, scheduler, plan.batch, (plan.seed, step, part), student.device)
        with torch.no_grad():
            wanted, wanted_features = model(drawn)
        guess, features = learner(drawn)
        loss = plan.weights.task * task_loss(guess, drawn.target)
        loss = loss + plan.weights.output * output_loss(guess, wanted)
        return loss + plan.weights.features * feature_loss(features, wanted_features), plan.batch

    student.train()
    train(student, loss_at, plan.schedule, checkpoint, parts=plan.parts)
    student.eval()


def distil(teacher: Path, pictures: Path, work: Path, out: Path, plan: Plan, device: str) -> None:
    """Train the student of a checkpoint folder's U-Net on stored pictures and captions; write its checkpoint folder."""
    stored = stored_pictures(pictures, teacher)
    whole = UNet2DConditionModel.from_pretrained(teacher / "unet", dtype=torch.float32).to(device)
    student = shrunk(whole, MINI).to(device)
    train_student(student, whole, stored, plan, work / "block_distillation.pt")
    export_student(student, teacher, out)


def stored_pictures(folder: Path, teacher: Path) -> Stored:
    """What `training.mini` has stored, scaled as the teacher's latents are. Raises ConfigError if there is none."""
    drawn, worded = sorted(folder.glob("pictures-*.pt")), sorted(folder.glob("captions-*.pt"))
    if not drawn or len(drawn) != len(worded):
        found = f"{len(drawn)} files of pictures and {len(worded)} of captions"
        raise ConfigError(f"{folder} holds {found}; `python -m training.mini` stores as many of both.")
    return latents.load(drawn, worded, AutoencoderKL.load_config(teacher / "vae")["scaling_factor"])


def export_student(student: UNet2DConditionModel, teacher: Path, out: Path) -> None:
    """The teacher's folder, with the student's U-Net in half precision: all else is the same, byte for byte."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(teacher, out, ignore=shutil.ignore_patterns("unet"))
    student.cpu().half().save_pretrained(out / "unet", max_shard_size=LARGEST_FILE)


def main(
    teacher: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Its checkpoint folder.")] = WEIGHTS
    / "mini-sd",
    pictures: Annotated[Path, typer.Option(help="Folder of stored latents and text states.")] = Path("runs/mini"),
    work: Annotated[Path, typer.Option(help="Folder of the checkpoint; may be deleted afterwards.")] = Path(
        "runs/mini"
    ),
    out: Annotated[Path, typer.Option(help="Folder of the finished model; it is replaced.")] = WEIGHTS / "mini-bk-sdm",
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    steps: Annotated[int, typer.Option(help="The learning rate is planned for as many.")] = PLAN.schedule.steps,
    batch: Annotated[int, typer.Option(help="Pictures of each of the two parts of a step.")] = PLAN.batch,
    seed: Annotated[int, typer.Option(help="Of pictures and noise.")] = PLAN.seed,
    task: Annotated[float, typer.Option(help="Weight of the denoising task's loss.")] = 1.0,
    output: Annotated[float, typer.Option(help="Weight of the distance from the teacher's output.")] = 1.0,
    features: Annotated[float, typer.Option(help="Weight of the distance from its stages' outputs.")] = 0.01,
) -> None:
    """Distil a block-removed U-Net from mini-sd's, on the pictures that `python -m training.mini` has stored.

    A checkpoint is saved every few minutes; after an interruption the same command goes on from there.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)  # each part of a batch has its own thread
    plan = Plan(
        schedule=replace(PLAN.schedule, steps=steps),
        weights=Weights(task=task, output=output, features=features),
        batch=batch,
        seed=seed,
    )
    try:
        distil(teacher, pictures, work, out, plan, device)
    except ConfigError as error:
        typer.echo(f"block_distillation: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
