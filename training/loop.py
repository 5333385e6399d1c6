"""One training loop for every stage: warm-up, linear decay, averaged weights. Resumes to the same result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

WARMUP = 100  # steps
LOG_EVERY = 50  # steps


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long, how fast, how often to save."""

    steps: int
    rate: float  # peak learning rate
    decay: float = 0.5  # share of the steps, at the end, over which the rate falls to zero
    average: float = 0.999  # of the running average of the weights
    save_every: int = 250  # steps
    horizon: int = 0  # steps by which the rate is planned, where a run stops before; 0: all

    @property
    def planned(self) -> int:
        return self.horizon or self.steps

    def factor(self, step: int) -> float:
        """Of the peak rate, at a step."""
        left = (self.planned - step) / max(1, self.planned * self.decay)
        return min(1.0, (step + 1) / WARMUP, left)


def train(
    net: nn.Module,
    loss_at: Callable[[int, int], tuple[Tensor, int]],
    schedule: Schedule,
    checkpoint: Path,
    *,
    parts: int = 1,
) -> None:
    """Minimise the mean of `loss_at(step, part)`, which also tells its batch size; leaves averaged weights in `net`.

    On a CPU, one thread for each part keeps the cores busier than many threads within each small operation.
    """
    weights = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=schedule.rate, betas=(0.9, 0.98), weight_decay=0.0)
    average = [p.detach().clone() for p in weights]
    step = restore(checkpoint, net, optimizer, average)
    log = Log(checkpoint.stem, step, schedule.steps)

    def backward(part: int) -> tuple[float, int]:
        loss, count = loss_at(step, part)
        (loss / parts).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach()) / parts, count

    with log.bar, ThreadPoolExecutor(parts) as pool:
        while step < schedule.steps:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate * schedule.factor(step)
            found = list(pool.map(backward, range(parts)))
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            blend(average, weights, min(schedule.average, step / (step + 10)))
            log.add(sum(loss for loss, _ in found), sum(count for _, count in found))
            if step % schedule.save_every == 0 or step == schedule.steps:
                save(checkpoint, net, optimizer, average, step)
    adopt(weights, average)


def blend(average: list[Tensor], weights: list[nn.Parameter], keep: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(average, list(weights), 1 - keep)


def adopt(weights: list[nn.Parameter], average: list[Tensor]) -> None:
    with torch.no_grad():
        for parameter, mean in zip(weights, average, strict=True):
            parameter.copy_(mean)


def save(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer, average: list[Tensor], step: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}, part)
    os.replace(part, path)


def restore(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer, average: list[Tensor]) -> int:
    """The step at which the checkpoint was written, 0 without one."""
    if not path.exists():
        return 0
    device = average[0].device
    state = torch.load(path, map_location=device, weights_only=True)
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    for mean, stored in zip(average, state["average"], strict=True):
        mean.copy_(stored)
    return int(state["step"])


class Log:
    """The progress bar of one stage."""

    def __init__(self, name: str, step: int, steps: int) -> None:
        columns = "{task.description}", "loss {task.fields[loss]:.4f}", "{task.fields[speed]:.0f} pictures/s"
        self.bar = Progress(
            *(TextColumn(text) for text in columns), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        )
        self.task = self.bar.add_task(name, total=steps, completed=step, loss=float("nan"), speed=0.0)
        self.step, self.losses, self.count, self.since = step, [0.0][:0], 0, time.monotonic()

    def add(self, loss: float, count: int) -> None:
        self.losses.append(loss)
        self.count += count
        self.step += 1
        if self.step % LOG_EVERY == 0 or not self.bar.finished:
            mean = sum(self.losses) / len(self.losses)
            speed = self.count / max(1e-9, time.monotonic() - self.since)
            self.bar.update(self.task, completed=self.step, loss=mean, speed=speed)
        if self.step % LOG_EVERY == 0:
            if not self.bar.console.is_terminal:  # a log file gets lines, not a moving bar
                self.bar.console.print(f"{self.step} loss {mean:.5f} {speed:.1f} pictures/s")
            self.losses, self.count, self.since = [], 0, time.monotonic()
