"""This benchmark beside earlier ones of the same machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from measurement.figures import Figure, figures
from measurement.plan import Plan, request
from measurement.record import Machine, ModelResult, Record
from models.registry import Registry

_SAME = ("model", "weights", "width", "height", "steps", "guidance_scale", "sampler", "device", "dtype")


@dataclass(frozen=True)
class Change:
    """A figure now and before."""

    model: str
    now: Figure
    before: Figure
    started: str  # of the earlier benchmark, ISO 8601

    @property
    def ratio(self) -> float | None:
        """Now over before; None where that is no number, as with shares that may be 0 or less."""
        before = self.before.spread.median
        return None if self.now.unit == "share" or before <= 0 else self.now.spread.median / before

    @property
    def real(self) -> bool:
        """Whether it is more than the runs differed among themselves."""
        return not self.now.spread.overlaps(self.before.spread)


def changes(record: Record, kept: Sequence[Record]) -> list[Change]:
    """Each figure beside that of the newest earlier benchmark with the same settings; `kept` is newest first."""
    found = []
    for result in record.models:
        before = next(_like(result, _before(record, kept)), None)
        if before is not None:
            known = {figure.name: figure for figure in figures(before[1])}
            found += [
                Change(result.model, figure, known[figure.name], before[0].started)
                for figure in figures(result)
                if figure.name in known
            ]
    return found


def seconds_before(plan: Plan, models: Registry, machine: Machine, kept: Sequence[Record]) -> dict[str, float]:
    """By model, what a picture took on this machine the last time it was measured at the plan's settings."""
    weights = "random" if plan.random_weights else "trained"
    found: dict[str, float] = {}
    for name in plan.models:
        asked = request(plan, models[name])
        for result in (it for record in kept if _same_machine(record.machine, machine) for it in record.models):
            settings = (result.model, result.weights, result.width, result.height, result.steps)
            wanted = (name, weights, asked.width, asked.height, asked.steps)
            if result.picture is not None and settings == wanted:
                found.setdefault(name, result.picture.median)
    return found


def _before(record: Record, kept: Sequence[Record]) -> Iterator[Record]:
    for other in kept:
        if other.id != record.id and other.started <= record.started and _same_machine(other.machine, record.machine):
            yield other


def _like(result: ModelResult, records: Iterator[Record]) -> Iterator[tuple[Record, ModelResult]]:
    for record in records:
        for other in record.models:
            if all(getattr(other, field) == getattr(result, field) for field in _SAME):
                yield record, other


def _same_machine(one: Machine, other: Machine) -> bool:
    return one.fingerprint == other.fingerprint
