"""Time against quality as SVG: a point for each model, with the spread of both as a cross."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from comparison.export import figures
from comparison.export.texts import Texts
from comparison.ranking import Rating
from comparison.summary import ModelSummary, Spread

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 20, 52  # pixels around the plot
LETTER, LINE, DOT = 7.4, 17, 7  # pixels: a letter of a label, about; a line of them; a point's radius


@dataclass(frozen=True)
class Point:
    """A model; x in seconds, y a score."""

    title: str
    x: Spread
    y: Spread


def plots(models: Sequence[ModelSummary], ratings: Sequence[Rating], texts: Texts) -> str:
    """A plot for every score that was asked for, and one for the votes; empty where quality is not known at all."""
    found = {name: _scored(models, name) for name in sorted({name for one in models for name in one.quality})}
    found["votes"] = _voted(models, ratings)
    drawn = [_svg(points, name, texts) for name, points in found.items() if points]
    if not drawn:
        return ""
    note = f'<p class="dim">{escape(texts["plot_note"])}</p>'
    return f'<section class="plots"><h2>{escape(texts["plot"])}</h2>{note}<div>{"".join(drawn)}</div></section>'


def _scored(models: Iterable[ModelSummary], score: str) -> list[Point]:
    return [Point(one.title, one.seconds, one.quality[score]) for one in models if one.seconds and score in one.quality]


def _voted(models: Iterable[ModelSummary], ratings: Iterable[Rating]) -> list[Point]:
    rated = {rating.model: rating for rating in ratings if rating.votes}
    return [
        Point(one.title, one.seconds, Spread(rating.elo, rating.low, rating.high, rating.votes))
        for one in models
        if one.seconds and (rating := rated.get(one.model))
    ]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from one at or below `low` to one at or above `high`, at most so many between them."""
    span = max(high - low, abs(high) * 1e-6, 1e-9)
    step = 10 ** math.floor(math.log10(span / most))
    while span / step > most:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def _svg(points: Sequence[Point], score: str, texts: Texts) -> str:
    across = ticks(0, max(point.x.most for point in points))
    up = ticks(min(point.y.least for point in points), max(point.y.most for point in points))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - across[0]) / (across[-1] - across[0])

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - up[0]) / (up[-1] - up[0])

    axis = texts.get(f"axis_{score}", score)
    grid = "".join(
        f'<path d="M{x(value):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_tick(value, texts)}</text>'
        for value in across
    ) + "".join(
        f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{_tick(value, texts)}</text>'
        for value in up
    )
    names = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{escape(texts["axis_seconds"])}</text>'
        f'<text x="{-TOP}" y="14" text-anchor="end" transform="rotate(-90)">{escape(axis)}</text>'
    )
    marks = "".join(
        f'<path d="M{x(point.x.least):.1f} {y(point.y.median):.1f}H{x(point.x.most):.1f}'
        f'M{x(point.x.median):.1f} {y(point.y.least):.1f}V{y(point.y.most):.1f}"/>'
        f'<circle cx="{x(point.x.median):.1f}" cy="{y(point.y.median):.1f}" r="{DOT - 1}"/>'
        for point in points
    )
    labels = _labels([(x(point.x.median), y(point.y.median), point.title) for point in points])
    said = "; ".join(
        texts["plot_point"].format(
            title=point.title, seconds=figures.seconds(point.x.median, texts), score=axis,
            value=figures.short(point.y.median, texts),
        )
        for point in points
    )  # fmt: skip
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="plot_{escape(score)} said_{escape(score)}">'
        f'<title id="plot_{escape(score)}">{escape(texts["plot"])}: {escape(axis)}</title>'
        f'<desc id="said_{escape(score)}">{escape(said)}</desc>'
        f'<g class="axes">{grid}{names}</g><g class="marks">{marks}</g><g class="names">{labels}</g></svg>'
    )


def _labels(points: Sequence[tuple[float, float, str]]) -> str:
    """Titles beside their points, where none stands on another or on a point."""
    taken = [(x - DOT, x + DOT, y - DOT, y + DOT) for x, y, _ in points]  # left, right, top, bottom
    labels = []
    for x, y, title in sorted(points, key=lambda point: point[1]):
        shown = title if len(title) <= 40 else title[:39] + "…"
        boxes = list(_places(x, y, len(shown) * LETTER))
        box = next((one for one in boxes if not any(_meet(one, other) for other in taken)), boxes[0])
        taken.append(box)
        labels.append(f'<text x="{box[0]:.1f}" y="{box[3] - 4:.1f}">{escape(shown)}</text>')
    return "".join(labels)


def _places(x: float, y: float, width: float) -> Iterable[tuple[float, float, float, float]]:
    """Boxes for a label of `width`, the best first: beside the point, above or below, farther and farther away."""
    for away in range(1, 2 * HEIGHT // LINE):
        for top in (y - DOT - away * LINE / 2 - 4, y + DOT + away * LINE / 2 - 13):
            for left in (x + DOT + 3, x - DOT - 3 - width):
                if left >= 0 and left + width <= WIDTH and top >= 0 and top + LINE <= HEIGHT - BOTTOM:
                    yield left, left + width, top, top + LINE
    yield max(0.0, min(x, WIDTH - width)), x + width, y - LINE, y


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _tick(value: float, texts: Texts) -> str:
    return f"{value:g}".replace(".", texts["decimal"])
