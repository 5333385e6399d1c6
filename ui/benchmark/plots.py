"""A benchmark's plots, as SVG in the page's own colours: what a picture takes, and what batches gain."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from measurement import words
from measurement.earlier import changes
from measurement.record import Record, Spread
from ui.figures import seconds
from ui.texts import Texts

WIDTH, ROW, NARROW, LABEL, END = 640, 34, 27, 150, 80  # of a plot's own units


def all_of(record: Record, kept: Sequence[Record], texts: Texts) -> str:
    """Those that there is something to show in."""
    found = [_pictures(record, kept, texts), _batches(record, texts)]
    return f'<div class="plots">{"".join(found)}</div>' if any(found) else ""


def _pictures(record: Record, kept: Sequence[Record], texts: Texts) -> str:
    """A bar for each model from nothing to its median, a whisker from least to most, a tick where it was before."""
    rows = [(result.title, result.model, result.picture) for result in record.models if result.picture]
    if not rows:
        return ""
    before = {it.model: it.before.spread.median for it in changes(record, kept) if it.now.name == "picture"}
    top = max([spread.most for _, _, spread in rows] + list(before.values()))
    scale = (WIDTH - LABEL - END) / top
    drawn = "".join(
        _bar(number, title, spread, before.get(model), scale, texts)
        for number, (title, model, spread) in enumerate(rows)
    )
    return _plot(texts["benchmark_plot_picture"], len(rows) * ROW + 6, drawn)


def _bar(number: int, title: str, spread: Spread, before: float | None, scale: float, texts: Texts) -> str:
    y = number * ROW + ROW / 2
    was = "" if before is None else f'<path class="was" d="M{LABEL + scale * before:.1f} {y - 12:.1f}v24"/>'
    return (
        f'<text x="{LABEL - 10}" y="{y + 5:.1f}" text-anchor="end">{escape(title)}</text>'
        f"{_drawn(spread, y, scale, seconds(spread.median, texts))}{was}"
    )


def _batches(record: Record, texts: Texts) -> str:
    """A row for each model and size: longer is more pictures a minute, each model beside its own largest."""
    several = [result for result in record.models if len(result.batches) > 1]
    rows = [(result.title, batch) for result in several for batch in result.batches]
    top = {result.title: max(batch.pictures_per_minute.most for batch in result.batches) for result in several}
    drawn, last = "", ""
    for number, (title, batch) in enumerate(rows):
        y, pace = number * NARROW + ROW / 2, batch.pictures_per_minute
        name, last = title if title != last else "", title
        amount = words.short(pace.median).replace(".", texts["decimal"])
        drawn += (
            f'<text x="{LABEL - 40}" y="{y + 5:.1f}" text-anchor="end">{escape(name)}</text>'
            f'<text class="amount" x="{LABEL - 10}" y="{y + 5:.1f}" text-anchor="end">{batch.size}×</text>'
            f"{_drawn(pace, y, (WIDTH - LABEL - END) / top[title], amount)}"
        )
    return _plot(texts["benchmark_plot_batch"], len(rows) * NARROW + 10, drawn) if rows else ""


def _drawn(spread: Spread, y: float, scale: float, amount: str) -> str:
    """The bar to the median, the whisker from least to most, and the median in words."""
    least, median, most = (LABEL + scale * value for value in (spread.least, spread.median, spread.most))
    whisker = f"M{least:.1f} {y:.1f}H{most:.1f}M{least:.1f} {y - 4:.1f}v8M{most:.1f} {y - 4:.1f}v8"
    return (
        f'<rect x="{LABEL}" y="{y - 6:.1f}" width="{max(1.0, median - LABEL):.1f}" height="12" rx="1"/>'
        f'<path class="whisker" d="{whisker}"/>'
        f'<text class="amount" x="{most + 9:.1f}" y="{y + 5:.1f}">{escape(amount)}</text>'
    )


def _plot(title: str, height: float, drawn: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{drawn}</svg></figure>'
    )
