"""What there is to be said of a model, figure by figure, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from measurement.record import ModelResult, Spread

Unit = Literal["seconds", "per_minute", "bytes", "share"]


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    key: str  # "picture", "batch", "preview", …
    detail: str  # the size of a batch, the mode of a preview; else empty
    unit: Unit
    spread: Spread

    @property
    def name(self) -> str:
        return f"{self.key} {self.detail}".strip()

    @property
    def more_is_better(self) -> bool:
        return self.unit == "per_minute"


def figures(result: ModelResult) -> list[Figure]:
    """Those that were measured."""
    timed = {
        "cold_load": result.cold_load,
        "warm_load": result.warm_load,
        "first_preview": result.first_preview,
        "seconds_per_step": result.seconds_per_step,
        "picture": result.picture,
    }
    found = [Figure(key, "", "seconds", spread) for key, spread in timed.items() if spread is not None]
    found += [Figure("batch", str(batch.size), "per_minute", batch.pictures_per_minute) for batch in result.batches]
    if result.peak_memory_bytes is not None:
        found.append(Figure("peak_memory", "", "bytes", result.peak_memory_bytes))
    return found + [Figure("preview", cost.mode, "share", cost.overhead) for cost in result.previews]


def names(results: tuple[ModelResult, ...]) -> list[str]:
    """The lines of a table of several models: every figure that one of them has."""
    order: dict[str, None] = {}
    for result in sorted(results, key=lambda result: -len(figures(result))):
        order |= {figure.name: None for figure in figures(result)}
    return list(order)
