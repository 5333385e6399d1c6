"""What each model of a run took, and what it saves beside another: numbers alone, for whoever puts them into words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Literal

from comparison.record import CellRecord, Measured, RunRecord, State
from models.device import counts_memory

SAME = 0.05  # of the baseline's figure: what differs by less is no gain worth a word
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)  # by degrees of freedom, from 1
LOADED_SECONDS = 0.01  # finding a model where it is already takes less


@dataclass(frozen=True)
class Spread:
    """What was measured several times."""

    median: float
    least: float
    most: float
    count: int


@dataclass(frozen=True)
class Mean:
    """Scores of several pictures. Their median would hide one wrong picture in three."""

    mean: float
    margin: float | None  # with 95 % confidence the mean over all such pictures is so near; None: one score tells none
    count: int


@dataclass(frozen=True)
class Ratio:
    """A model's figure divided by the baseline's, from pictures of the same rows wherever there are some."""

    value: float  # the pairs' median; of no pairs: one median divided by the other
    least: float
    most: float
    pairs: int  # 0: no row is done by both, so the value stands for different prompts or settings


@dataclass(frozen=True)
class Change:
    """A ratio as it is told: of seconds 0.625 is "1.6× faster" (kind less, factor 1.6), of bytes 0.52 "48 % less"."""

    kind: Literal["less", "more", "same"]  # than the baseline; "same": within SAME
    factor: float  # at least 1: by which it is less or more
    share: float  # of the baseline's figure that it is less or more


@dataclass(frozen=True, kw_only=True)
class Against:
    """A model beside the baseline. Ratios are of pictures made on the same device alone."""

    baseline: str
    seconds: Ratio | None  # per picture; None: either has none, here and below
    memory: Ratio | None  # None also where the peak is the whole process's
    parameters: float | None  # the model's divided by the baseline's
    quality: Mapping[str, Mean]  # by score: the model's less the baseline's, row by row


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """One model of a run. Spreads are of the finished pictures; None: there are none."""

    model: str
    title: str
    done: int
    failed: int
    left: int  # waiting, running or stopped
    seconds: Spread | None  # per picture: all but download and load
    load: Spread | None  # of the pictures for which the model was loaded
    text: Spread | None
    denoise: Spread | None
    decode: Spread | None
    total: Spread | None
    seconds_per_step: Spread | None
    memory: Spread | None  # bytes, peak
    memory_is_process: bool  # the peak is of all that runs in this process: it says little of the model
    parameters: int | None
    steps: Spread | None
    passes: Spread | None
    quality: Mapping[str, Mean]  # by score
    against: Against | None  # None: there is no baseline, or this model is it


def summaries(record: RunRecord, baseline: str | None) -> list[ModelSummary]:
    """The models in the plan's order, each beside `baseline`, which need not be among them."""
    return [_summary(record, model, baseline) for model in record.plan.models]


def spread(values: Iterable[float]) -> Spread | None:
    """None of nothing."""
    found = sorted(values)
    return Spread(median(found), found[0], found[-1], len(found)) if found else None


def mean(values: Iterable[float]) -> Mean | None:
    """None of nothing."""
    found = list(values)
    if not found:
        return None
    margin = _student(len(found) - 1) * stdev(found) / len(found) ** 0.5 if len(found) > 1 else None
    return Mean(fmean(found), margin, len(found))


def picture_seconds(measured: Measured) -> float:
    """What a picture costs once its model is there."""
    return measured.total - measured.download - measured.load


def change(ratio: float) -> Change:
    """How a ratio to the baseline is told. It must be more than 0."""
    kind: Literal["less", "more", "same"] = "same" if abs(ratio - 1) < SAME else "less" if ratio < 1 else "more"
    return Change(kind, max(ratio, 1 / ratio), abs(1 - ratio))


def _summary(record: RunRecord, model: str, baseline: str | None) -> ModelSummary:
    cells = [cell for cell in record.cells if cell.model == model]
    done = _done(record, model)
    taken = list(done.values())

    def of(figure: Callable[[Measured], float]) -> Spread | None:
        return spread(map(figure, taken))

    finished, failed = (sum(cell.state is state for cell in cells) for state in (State.DONE, State.FAILED))
    return ModelSummary(
        model=model,
        title=record.titles.get(model, model),
        done=finished,
        failed=failed,
        left=len(cells) - finished - failed,
        seconds=of(picture_seconds),
        load=spread(one.load for one in taken if one.load >= LOADED_SECONDS),
        text=of(lambda one: one.text),
        denoise=of(lambda one: one.denoise),
        decode=of(lambda one: one.decode),
        total=of(lambda one: one.total),
        seconds_per_step=of(lambda one: one.seconds_per_step),
        memory=of(lambda one: one.peak_memory_bytes),
        memory_is_process=not all(counts_memory(one.device) for one in taken),
        parameters=_parameters(taken),
        steps=of(lambda one: one.steps),
        passes=of(lambda one: one.passes),
        quality=_quality(cells),
        against=None if baseline in (None, model) else _against(record, model, str(baseline)),
    )


def _against(record: RunRecord, model: str, baseline: str) -> Against:
    ours, theirs = _done(record, model), _done(record, baseline)
    counted = all(counts_memory(one.device) for one in (*ours.values(), *theirs.values()))
    parameters = _parameters(ours.values()), _parameters(theirs.values())
    return Against(
        baseline=baseline,
        seconds=_ratio(ours, theirs, picture_seconds),
        memory=_ratio(ours, theirs, lambda one: one.peak_memory_bytes) if counted else None,
        parameters=parameters[0] / parameters[1] if parameters[0] and parameters[1] else None,
        quality=_quality_against(record, model, baseline),
    )


def _done(record: RunRecord, model: str) -> dict[int, Measured]:
    """What the model's finished pictures took, by row."""
    cells = (cell for cell in record.cells if cell.model == model and cell.state is State.DONE)
    return {cell.row: cell.measured for cell in cells if cell.measured is not None}


def _ratio(
    ours: Mapping[int, Measured], theirs: Mapping[int, Measured], figure: Callable[[Measured], float]
) -> Ratio | None:
    rows = [row for row in ours if row in theirs and ours[row].device == theirs[row].device]
    pairs = [(figure(ours[row]), figure(theirs[row])) for row in rows]
    quotients = spread(one / other for one, other in pairs if one > 0 and other > 0)
    if quotients is not None:
        return Ratio(quotients.median, quotients.least, quotients.most, quotients.count)
    if len({one.device for one in (*ours.values(), *theirs.values())}) > 1:
        return None
    alone = spread(map(figure, ours.values())), spread(map(figure, theirs.values()))
    if alone[0] is None or alone[1] is None or min(alone[0].median, alone[1].median) <= 0:
        return None
    value = alone[0].median / alone[1].median
    return Ratio(value, value, value, 0)


def _parameters(taken: Iterable[Measured]) -> int | None:
    return max((one.parameters for one in taken), default=None)


def _quality(cells: Iterable[CellRecord]) -> dict[str, Mean]:
    return _means((name, score) for cell in cells for name, score in cell.quality.items())


def _quality_against(record: RunRecord, model: str, baseline: str) -> dict[str, Mean]:
    theirs = {cell.row: cell.quality for cell in record.cells if cell.model == baseline}
    ours = [(cell.quality, theirs.get(cell.row, {})) for cell in record.cells if cell.model == model]
    return _means((name, one[name] - other[name]) for one, other in ours for name in one.keys() & other.keys())


def _means(scores: Iterable[tuple[str, float]]) -> dict[str, Mean]:
    values: dict[str, list[float]] = {}
    for name, score in scores:
        values.setdefault(name, []).append(score)
    return {name: found for name in sorted(values) if (found := mean(values[name])) is not None}


def _student(freedom: int) -> float:
    """Standard errors to each side that hold 95 % (Student's t), to the second decimal."""
    return _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else 1.96 + 2.5 / freedom
