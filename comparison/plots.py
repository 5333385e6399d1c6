"""What a run comes to, as points: time against quality for each model. Whoever draws them needs no more than this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from comparison.quality import CLIP, JUDGE
from comparison.ranking import Rating
from comparison.record import CellRecord, RunRecord, State
from comparison.summary import mean, picture_seconds, spread

VOTES = "votes"


@dataclass(frozen=True)
class Point:
    """One model."""

    model: str
    title: str
    seconds: float  # per picture, median
    fastest: float
    slowest: float
    value: float  # the scores' mean, or Elo
    low: float  # with 95 % confidence the value is between these; of one score alone they are the value itself
    high: float
    count: int  # scores, or votes


@dataclass(frozen=True)
class Plot:
    """Models by what they take and what they are worth."""

    value: str  # JUDGE, CLIP or VOTES
    points: tuple[Point, ...]  # in the plan's order
    best: tuple[str, ...]  # models that no other beats in both, from the fastest on: where one chooses from
    same_rows: bool  # all points are of the same prompts and settings


def plots(record: RunRecord, ratings: Iterable[Rating] = ()) -> list[Plot]:
    """The judge's, CLIP's and the voters', as far as there are any."""
    drawn = [_scored(record, score) for score in (JUDGE, CLIP)]
    voted = _voted(record, {rating.model: rating for rating in ratings if rating.votes})
    return [plot for plot in (*drawn, voted) if plot.points]


def _scored(record: RunRecord, score: str) -> Plot:
    cells = {model: [cell for cell in _done(record, model) if score in cell.quality] for model in record.plan.models}
    there = {model: found for model, found in cells.items() if found}
    rows = set.intersection(*({cell.row for cell in found} for found in there.values())) if there else set()
    if rows:  # where some models are further than others, only what all of them have made compares them
        there = {model: [cell for cell in found if cell.row in rows] for model, found in there.items()}
    points = []
    for model, found in there.items():
        worth = mean(cell.quality[score] for cell in found)
        assert worth is not None
        margin = worth.margin or 0.0
        points.append(_point(record, model, found, (worth.mean, worth.mean - margin, worth.mean + margin), worth.count))
    return Plot(score, tuple(points), _best(points), bool(rows))


def _voted(record: RunRecord, ratings: dict[str, Rating]) -> Plot:
    there = {model: found for model in record.plan.models if model in ratings and (found := _done(record, model))}
    points = [
        _point(record, model, found, (rating.elo, rating.low, rating.high), rating.votes)
        for model, found in there.items()
        if (rating := ratings[model])
    ]
    rows = [{cell.row for cell in found} for found in there.values()]
    return Plot(VOTES, tuple(points), _best(points), all(of == rows[0] for of in rows))


def _done(record: RunRecord, model: str) -> list[CellRecord]:
    cells = (cell for cell in record.cells if cell.model == model and cell.state is State.DONE)
    return [cell for cell in cells if cell.measured is not None]


def _point(
    record: RunRecord, model: str, cells: Sequence[CellRecord], value: tuple[float, float, float], count: int
) -> Point:
    seconds = spread(picture_seconds(cell.measured) for cell in cells if cell.measured)
    assert seconds is not None
    took = seconds.median, seconds.least, seconds.most
    return Point(model, record.titles.get(model, model), *took, *value, count)


def _best(points: Sequence[Point]) -> tuple[str, ...]:
    """The Pareto front. Of equals all are on it."""
    front = []
    for point in sorted(points, key=lambda it: (it.seconds, -it.value)):
        beaten = any(
            other.seconds <= point.seconds
            and other.value >= point.value
            and (other.seconds, other.value) != (point.seconds, point.value)
            for other in points
        )
        if not beaten:
            front.append(point.model)
    return tuple(front)
