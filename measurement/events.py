"""What a benchmark tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from measurement.record import Record

Phase = Literal["load", "warm_up", "cold_load", "warm_load", "picture", "batch"]


@dataclass(frozen=True)
class Progress:
    """Where the benchmark is, and all that it has measured so far."""

    model: str
    number: int  # which of the models, from 1
    models: int
    phase: Phase
    detail: str  # of a picture the preview mode, of a batch its size; else empty
    round: int  # from 1; 0: not in a round
    rounds: int
    step: int  # of the picture that is being made
    steps: int  # 0: no picture is being made
    share: float  # of the whole benchmark, 0…1; models count alike
    seconds_left: float | None  # of what has a known pace; None: nothing has
    unknown: tuple[str, ...]  # models whose time nobody knows yet; not in `seconds_left`
    record: Record
