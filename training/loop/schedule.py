"""How long a net learns and how fast."""

from __future__ import annotations

from dataclasses import dataclass

from training import options

WARMUP = 100  # steps


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


@dataclass(frozen=True, kw_only=True)
class Learning:
    """What a command's options say of its schedule, its batches and its chance."""

    steps: options.Steps
    rate: options.Rate
    batch: options.Batch
    accumulation: options.Accumulation
    seed: options.Seed

    def schedule(self, *, decay: float, average: float) -> Schedule:
        return Schedule(steps=self.steps, rate=self.rate, decay=decay, average=average, save_every=100)
