"""How a training goes: a bar on a terminal, lines in a log, curves and sheets in accelerate's trackers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from accelerate import Accelerator
from PIL.Image import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LOG_EVERY = 50  # steps


class Log:
    """Of one training; `losses` are those since the last line, which a checkpoint keeps."""

    def __init__(self, accelerator: Accelerator, name: str, step: int, steps: int, losses: Sequence[float]) -> None:
        self.bar = Progress(
            *(TextColumn(text) for text in ("{task.description}", "{task.fields[told]}")),
            *(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
            disable=not accelerator.is_main_process,
        )
        told = "finished before" if step >= steps else f"from step {step}" if step else "from the start"
        self.task = self.bar.add_task(name, total=steps, completed=step, told=told)
        self.accelerator = accelerator
        self.losses, self.count, self.since = list(losses), 0, time.monotonic()

    def add(self, step: int, loss: float, pictures: int, rate: float) -> None:
        """One more step is done; `loss` and `pictures` are those of all processes."""
        self.losses.append(loss)
        self.count += pictures
        mean = sum(self.losses) / len(self.losses)
        speed = self.count / max(1e-9, time.monotonic() - self.since)
        self.bar.update(self.task, completed=step, told=f"loss {mean:.4f} {speed:.0f} pictures/s")
        if step % LOG_EVERY == 0:
            if not (self.bar.disable or self.bar.console.is_terminal):  # a log file gets lines, not a moving bar
                self.bar.print(f"{step} loss {mean:.5f} {speed:.1f} pictures/s")
            self.accelerator.log({"loss": mean, "rate": rate, "pictures per second": speed}, step=step)
            self.losses, self.count, self.since = [], 0, time.monotonic()

    def show(self, image: Image, path: Path, step: int) -> None:
        """Keep a sheet as PNG, and in the tracker."""
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
        for tracker in self.accelerator.trackers:
            if tracker.name == "tensorboard":  # each tracker has its own way to take pictures
                tracker.log_images({"sheet": np.asarray(image)[None]}, step=step, dataformats="NHWC")
