"""Every method on the full-size architectures, a few steps with random weights: `python -m training dry-run`.

Each case is first counted: one training step at the model's own resolution on tensors without values, which proves
the shapes of the forward and the backward pass and tells the memory. Where there is room, a few steps are then run.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import diffusers
import psutil  # type: ignore[import-untyped]  # comes with accelerate
import torch
import typer
from diffusers import AutoencoderKL
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from errors import ConfigError, DarkroomError
from models import device as devices
from models import random_weights
from models.amounts import bytes_text
from models.architectures import ARCHITECTURES, Architecture
from models.device import Device
from training.full_size import CASES, Case
from training.memory import Memory, counted, imagined, needed, parameters


def architecture(repo: str) -> Architecture:
    if repo not in ARCHITECTURES:
        raise ConfigError(f"There is no architecture of {repo}. Known are: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[repo]


def on_meta(repo: str, part: str) -> Any:
    """Without memory."""
    with torch.device("meta"):
        return architecture(repo).network(part)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a case is, without running it."""

    case: Case
    teacher: int  # parameters
    student: int
    matched: str  # the student's tensors that its published namesake has too, with the same shape
    side: int  # of the latents
    memory: Memory


def count(case: Case, batch: int) -> Counted:
    """One step at the model's own resolution, forward and backward, on tensors without values."""
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    whole = on_meta(case.teacher, case.part)
    side = own_side(whole)
    student, teacher = pair(case, whole)
    for net in (student, teacher):
        imagined(net, mode)
    loss = partial(case.loss, student, teacher, side, batch)
    with mode:
        memory = needed(student, teacher if case.student else None, loss)
    lacking = [name for name, it in student.named_parameters() if it.grad is None]
    if lacking:
        raise RuntimeError(f"{case.method} of {case.teacher}: no gradient reaches {lacking}")
    return Counted(
        case=case,
        teacher=parameters(teacher),
        student=parameters(student),
        matched=matched(student, case),
        side=side,
        memory=memory,
    )


def pair(case: Case, whole: Any) -> tuple[Any, Any]:
    """The net that learns, and the one that teaches; where a net learns from data, it is both."""
    if case.student is None:
        return whole.requires_grad_(True), whole
    return case.student(whole).requires_grad_(True), whole.requires_grad_(False)


def own_side(net: Any) -> int:
    """Of the latents that a net was made for."""
    if isinstance(net, AutoencoderKL):
        return int(net.config.sample_size // 2 ** (len(net.config.block_out_channels) - 1))
    return int(net.config.sample_size)


def matched(student: nn.Module, case: Case) -> str:
    if case.published is None:
        return "no namesake"
    own, published = (
        {key: it.shape for key, it in net.state_dict().items()} for net in (student, on_meta(case.published, case.part))
    )
    same = sum(own.get(key) == shape for key, shape in published.items())
    return f"{same} of {len(published)}" + (f", {len(own) - same} more" if len(own) > same else "")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A few steps of a case, with values."""

    where: str
    side: int  # of the latents
    seconds: float  # of the last step
    losses: tuple[float, ...]
    counted: int  # bytes of activations, as the estimate counts them
    measured: int  # by how much the forward pass made the memory in use grow


def run(case: Case, side: int, steps: int, device: Device) -> Run:
    """In bfloat16, by plain gradient descent, which keeps nothing: for two nets and their gradients to fit."""
    shell = random_weights.shell(architecture(case.teacher), case.part, torch.bfloat16)
    teacher = random_weights.filled(shell, device).to(device.kind)
    student, teacher = pair(case, teacher)
    student.train()
    losses = []
    for _ in range(steps):
        before, since = memory_in_use(device), time.perf_counter()
        with torch.autocast(device.kind, torch.bfloat16):
            loss, kept = counted(partial(case.loss, student, teacher, side, 1), (student, teacher))
        grown = memory_in_use(device) - before
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for weight in student.parameters():
                assert weight.grad is not None
                weight.sub_(weight.grad, alpha=1e-4)
                weight.grad = None
        losses.append(float(loss.detach()))
    seconds = time.perf_counter() - since
    return Run(where=device.name, side=side, seconds=seconds, losses=tuple(losses), counted=kept, measured=grown)


def room_to_run(found: Counted) -> int:
    """Bytes: both nets and the student's gradients in bfloat16; activations are few where the latents are."""
    return 2 * (2 * found.student + (found.teacher if found.case.student else 0))


def memory_in_use(device: Device) -> int:
    if device.kind == "cuda":
        return int(torch.cuda.memory_allocated())
    return int(psutil.Process().memory_info().rss)


HEADER = ("method", "teacher", "student", "tensors as published", "latents", *Memory.__annotations__, "all", "ran")


def row(found: Counted, ran: str) -> tuple[str, ...]:
    case, memory = found.case, found.memory
    name = case.teacher.split("/")[-1] + ("" if case.part == "unet" else f" {case.part}")
    amounts = (*vars(memory).values(), memory.total)
    return (
        *(case.method, f"{name} {found.teacher:,}", f"{found.student:,}", found.matched, f"{found.side}²"),
        *(f"{amount / 1e9:.2f}" for amount in amounts),
        ran,
    )


def told(ran: Run) -> str:
    """One cell: where, how large, how fast, and the counted bytes of activations beside the measured ones."""
    steps = f"{len(ran.losses)} steps of {ran.side}² latents on {ran.where}, {ran.seconds:.0f} s each"
    return f"{steps}; activations {bytes_text(ran.counted)} counted, {bytes_text(ran.measured)} measured"


def rows(
    cases: Iterable[Case], batch: int, side: int, steps: int, room: int, device: Device
) -> Iterator[tuple[str, ...]]:
    for case in cases:
        found = count(case, batch)
        if room_to_run(found) > room:
            yield row(found, f"counted only: to run takes {bytes_text(room_to_run(found))}")
            continue
        ran = run(case, min(side, found.side), steps, device)
        if not all(math.isfinite(loss) for loss in ran.losses):
            raise DarkroomError(f"{case.method} of {case.teacher}: the losses are {ran.losses}, which are no numbers.")
        yield row(found, told(ran))
        gc.collect()


def chosen(method: str, teacher: str) -> list[Case]:
    """Raises ConfigError if there is no such case."""
    found = [case for case in CASES if method in (case.method, "all") and teacher in (case.teacher, "all")]
    if not found:
        known = "; ".join(f"{name} of {', '.join(group)}" for name, group in teachers_of_methods().items())
        raise ConfigError(f"There is no dry run of {method} with {teacher} as the teacher. There are: {known}.")
    return found


def teachers_of_methods() -> dict[str, list[str]]:
    return {case.method: [it.teacher for it in CASES if it.method == case.method] for case in CASES}


def dry_run(
    method: Annotated[str, typer.Option(help="base, block, guidance, steps, decoder, or all.")] = "all",
    teacher: Annotated[str, typer.Option(help="A repository, or all.")] = "all",
    batch: Annotated[int, typer.Option(min=1, help="Pictures for which the memory is counted.")] = 1,
    side: Annotated[int, typer.Option(min=8, help="Of the latents in the steps that are run.")] = 8,
    steps: Annotated[int, typer.Option(min=0, help="To run with random weights; 0: count only.")] = 2,
    room: Annotated[float, typer.Option(min=0, help="GB that a run may take; what needs more is counted only.")] = 8.0,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
) -> None:
    """Try every method on the full-size architectures, with random weights, before anything is downloaded.

    Counts one step at the model's own resolution: shapes, tensors, memory in GB (AdamW, mixed precision). Then runs a
    few steps where there is room, on the CPU at a low resolution.
    """
    cases, where = chosen(method, teacher), devices.choose(device)
    print(f"torch {torch.__version__}, diffusers {diffusers.__version__}, batch {batch}, {where.name}\n")
    print("| " + " | ".join(HEADER) + " |\n" + "|---" * len(HEADER) + "|")
    for cells in rows(cases, batch, side, steps, round(room * 1e9) if steps else 0, where):
        print("| " + " | ".join(cells) + " |", flush=True)
