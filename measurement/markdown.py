"""A benchmark as Markdown, to paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from measurement import words
from measurement.earlier import Change, changes
from measurement.figures import figures, names
from measurement.published import Published, about
from measurement.record import Record


def document(record: Record, kept: Sequence[Record] = ()) -> str:
    """The table with all that belongs to it; beside earlier benchmarks of this machine, and others' figures."""
    parts = [
        f"**{words.machine(record.machine)}**  \n{words.versions(record.machine)}",
        "\n".join(_table(record)),
        "\n".join(f"- {line}" for line in words.remarks(record)),
    ]
    if compared := changes(record, kept):
        parts += ["Beside the benchmark before on this machine:", "\n".join(_changes(compared))]
    if others := about([result.model for result in record.models]):
        parts += ["What others published, measured on their machines:", "\n".join(_published(others))]
    return "\n\n".join(parts) + "\n"


def _table(record: Record) -> Iterator[str]:
    yield _row("", *(f"`{words.title(result)}`" for result in record.models))
    yield _row("---", *["---:"] * len(record.models))
    known = [{figure.name: figure for figure in figures(result)} for result in record.models]
    for name in names(record.models):
        cells = [words.spread(one[name], record.plan.rounds) if name in one else "–" for one in known]
        yield _row(words.name(name), *cells)


def _changes(compared: Sequence[Change]) -> Iterator[str]:
    yield _row("model", "figure", "before", "now", "now / before", "more than the spread")
    yield _row("---", "---", "---:", "---:", "---:", "---")
    for change in compared:
        before, now = (words.value(it.spread.median, it.unit) for it in (change.before, change.now))
        ratio = "–" if change.ratio is None else f"{change.ratio:.2f}"
        yield _row(change.model, words.name(change.now.name), before, now, ratio, "yes" if change.real else "no")


def _published(others: Sequence[Published]) -> Iterator[str]:
    yield _row("model", "hardware", "software", "size", "steps", "a picture", "a step", "source")
    yield _row("---", "---", "---", "---", "---:", "---:", "---:", "---")
    for one in others:
        yield _row(
            one.net or one.model,
            one.hardware,
            f"{one.software}{f', {one.batch} at a time' if one.batch > 1 else ''}",
            f"{one.width}x{one.height}",
            str(one.steps or "–"),
            "–" if one.seconds is None else words.value(one.seconds, "seconds"),
            "–" if one.seconds_per_step is None else words.value(one.seconds_per_step, "seconds"),
            one.source,
        )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
