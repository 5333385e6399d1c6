"""On what a training runs and how it is followed, whatever its method; by accelerate."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import torch
from accelerate import Accelerator, PartialState
from accelerate.tracking import get_available_trackers
from accelerate.utils import DistributedDataParallelKwargs, ProjectConfiguration, parse_flag_from_env

from errors import ConfigError
from training import options


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a command's options say of it, the same for all of its trainings."""

    resume: options.Resume = True
    device: options.Device = "auto"  # of several GPUs each process has its own
    precision: options.Precision = None
    tracker: options.Tracker = None
    sheet_every: options.SheetEvery = 0

    def where(self) -> torch.device:
        """This process's device. Raises ConfigError if there is none of that kind."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("There is no GPU that torch can use. Choose --device cpu.")
        found: torch.device = self._state().device
        return found

    def first(self) -> bool:
        """Whether this is the process that writes and tells, of several."""
        return bool(self._state().is_main_process)

    def processes(self) -> int:
        return int(self._state().num_processes)

    def in_turn(self) -> AbstractContextManager[None]:
        """The first process goes before the others, which then find what it has made."""
        found: AbstractContextManager[None] = self._state().main_process_first()
        return found

    def _state(self) -> PartialState:
        """All other uses of accelerate's state go by the first one, which alone can say that processes share a CPU."""
        return PartialState(cpu=self.device == "cpu" or parse_flag_from_env("ACCELERATE_USE_CPU"))

    def refuse_lacking(self, parts: int) -> None:
        """Raises ConfigError for what cannot be had here; processes share the `parts` of a step."""
        device, processes = self.where(), self.processes()
        if parts % processes:
            raise ConfigError(f"{processes} processes cannot share the {parts} parts of a step evenly.")
        if self.precision == "fp16" and device.type == "cpu":
            raise ConfigError("fp16 needs a GPU. On a CPU choose bf16 or no.")
        there = [tracker.value for tracker in get_available_trackers()]
        if self.tracker and self.tracker not in there:
            raise ConfigError(f"--tracker {self.tracker}: installed of accelerate's are {', '.join(there) or 'none'}.")

    def accelerator(self, folder: Path, parts: int, unused: bool = False) -> Accelerator:
        """For one training of `parts` micro-batches a step, which the processes share. Raises ConfigError.

        `unused`: whether the loss leaves some of the net's weights without a gradient; processes must look for those.
        """
        self.refuse_lacking(parts)
        return Accelerator(
            cpu=self.where().type == "cpu",
            mixed_precision=self.precision,
            gradient_accumulation_steps=parts // self.processes(),
            log_with=self.tracker,
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=unused)],
            project_config=ProjectConfiguration(project_dir=str(folder), logging_dir=str(folder / "logs")),
        )


class Again(TypedDict):
    """What every stage is told."""

    seed: int
    parts: int
    setup: Setup
