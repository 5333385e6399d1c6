"""What the models of a comparison take and what they are worth, as a table: a line for each."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from comparison.record import RunRecord
from comparison.summary import Against, Mean, ModelSummary, Spread, change, summaries
from models.amounts import bytes_text
from terminal.text import plain, seconds_text

FASTER = {"less": "{}× faster", "more": "{}× slower", "same": "as fast"}
MEMORY = {"less": "{:.0f} % less memory", "more": "{:.0f} % more memory", "same": "as much memory"}


def table(record: RunRecord) -> Table:
    """Beside the first model of the plan; scores are means."""
    found = summaries(record, record.plan.models[0])
    scores = sorted({name for one in found for name in one.quality})
    drawn = Table("model", "pictures", "seconds each", "peak memory", "beside the first", *scores, box=box.SIMPLE_HEAD)
    for one in found:
        quality = (_mean(one.quality.get(name)) for name in scores)
        drawn.add_row(*(Text(plain(text)) for text in (*_row(one), *quality)))
    return drawn


def beside(against: Against | None) -> str:
    """ "1.6× faster, 48 % less memory"."""
    told = []
    if against and against.seconds:
        speed = change(against.seconds.value)
        told.append(FASTER[speed.kind].format(f"{speed.factor:.1f}" if speed.factor < 10 else round(speed.factor)))
    if against and against.memory:
        memory = change(against.memory.value)
        told.append(MEMORY[memory.kind].format(100 * memory.share))
    return ", ".join(told)


def _row(one: ModelSummary) -> tuple[str, ...]:
    whose = " (process)" if one.memory_is_process else ""
    memory = f"{bytes_text(round(one.memory.median))}{whose}" if one.memory else ""
    return (
        one.model,
        f"{one.done} of {one.done + one.failed + one.left}",
        _seconds(one.seconds),
        memory,
        beside(one.against),
    )


def _seconds(spread: Spread | None) -> str:
    if spread is None:
        return ""
    ends = f" ({seconds_text(spread.least)} to {seconds_text(spread.most)})" if spread.count > 1 else ""
    return seconds_text(spread.median) + ends


def _mean(score: Mean | None) -> str:
    if score is None:
        return ""
    return f"{score.mean:.3f}" if score.margin is None else f"{score.mean:.3f} ± {score.margin:.3f}"
