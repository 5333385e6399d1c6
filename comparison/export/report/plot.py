"""Time against quality as SVG: a point for each model, its spread as a cross, and a line along the best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from comparison.export import figures
from comparison.export.texts import Texts
from comparison.plots import Plot, Point
from comparison.quality import CLIP, JUDGE

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 20, 52  # pixels around the plot
BOUNDS = {JUDGE: (0.0, 1.0), CLIP: (-1.0, 1.0)}  # of a score; the interval of few pictures may reach beyond
MARGIN = 0.1  # of the axis around a score that all have
LETTER, LINE, DOT = 7.4, 17, 7  # pixels: a letter of a label, about; a line of them; a point's radius


def drawn(plots: Sequence[Plot], texts: Texts) -> str:
    """The section with all `plots`; empty where quality is not known at all."""
    if not plots:
        return ""
    notes = [texts["plot_note"], *([] if all(plot.same_rows for plot in plots) else [texts["plot_other_rows"]])]
    pictures = "".join(_svg(plot, texts) for plot in plots)
    return (
        f'<section class="plots"><h2>{escape(texts["plot"])}</h2><p class="dim">{escape(" ".join(notes))}</p>'
        f"<div>{pictures}</div></section>"
    )


class _Scale:
    """Where values stand in the picture."""

    def __init__(self, plot: Plot) -> None:
        points, self._bounds = plot.points, BOUNDS.get(plot.value, (-math.inf, math.inf))
        self.across = ticks(0, max(point.slowest for point in points))
        low, high = min(point.low for point in points), max(point.high for point in points)
        alone = MARGIN if low == high else 0.0  # else the ticks beyond a score's end would fall onto it
        self.up = ticks(self._within(low - alone), self._within(high + alone))

    def x(self, value: float) -> float:
        share = (value - self.across[0]) / (self.across[-1] - self.across[0])
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def y(self, value: float) -> float:
        share = (self._within(value) - self.up[0]) / (self.up[-1] - self.up[0])
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    def _within(self, value: float) -> float:
        return min(max(value, self._bounds[0]), self._bounds[1])


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from one at or below `low` to one at or above `high`, at most so many between them."""
    span = max(high - low, abs(high) * 0.1, 1e-9)
    step = 10 ** math.floor(math.log10(span / most))
    while span / step > most:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def _svg(plot: Plot, texts: Texts) -> str:
    scale, name = _Scale(plot), escape(plot.value)
    axis = texts[f"axis_{plot.value}"]
    said = "; ".join(_said(point, axis, texts) for point in plot.points)
    titles = [(scale.x(point.seconds), scale.y(point.value), point.title) for point in plot.points]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="plot_{name} said_{name}">'
        f'<title id="plot_{name}">{escape(texts["plot"])}: {escape(axis)}</title>'
        f'<desc id="said_{name}">{escape(said)}</desc>'
        f'<g class="axes">{_axes(scale, axis, texts)}</g><g class="best">{_front(plot, scale)}</g>'
        f'<g class="marks">{_marks(plot, scale)}</g><g class="names">{_labels(titles)}</g></svg>'
    )


def _said(point: Point, axis: str, texts: Texts) -> str:
    took, value = figures.seconds(point.seconds, texts), figures.short(point.value, texts)
    return texts["plot_point"].format(title=point.title, seconds=took, score=axis, value=value)


def _axes(scale: _Scale, axis: str, texts: Texts) -> str:
    bottom = HEIGHT - BOTTOM
    across = (
        f'<path d="M{scale.x(value)} {TOP}V{bottom}"/>'
        f'<text x="{scale.x(value)}" y="{bottom + 18}" text-anchor="middle">{_tick(value, texts)}</text>'
        for value in scale.across
    )
    up = (
        f'<path d="M{LEFT} {scale.y(value)}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{scale.y(value) + 4:.1f}" text-anchor="end">{_tick(value, texts)}</text>'
        for value in scale.up
    )
    names = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{escape(texts["axis_seconds"])}</text>'
        f'<text x="{-TOP}" y="14" text-anchor="end" transform="rotate(-90)">{escape(axis)}</text>'
    )
    return "".join((*across, *up, names))


def _front(plot: Plot, scale: _Scale) -> str:
    """A line through the models from which one chooses."""
    points = {point.model: point for point in plot.points}
    spots = [(scale.x(points[model].seconds), scale.y(points[model].value)) for model in plot.best]
    return f'<path d="M{" L".join(f"{x} {y}" for x, y in spots)}"/>'


def _marks(plot: Plot, scale: _Scale) -> str:
    return "".join(
        f'<path d="M{scale.x(point.fastest)} {scale.y(point.value)}H{scale.x(point.slowest)}'
        f'M{scale.x(point.seconds)} {scale.y(point.low)}V{scale.y(point.high)}"/>'
        f'<circle{_beaten(point, plot)} cx="{scale.x(point.seconds)}" '
        f'cy="{scale.y(point.value)}" r="{DOT - 1}"/>'
        for point in plot.points
    )


def _beaten(point: Point, plot: Plot) -> str:
    return "" if point.model in plot.best else ' class="beaten"'


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
