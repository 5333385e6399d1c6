"""What came of a comparison, as a table on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from comparison.plan import settings
from comparison.record import CellRecord, RunRecord, State, Verdict
from comparison.store import RECIPE
from terminal import worth
from terminal.models import PIPED_WIDTH
from terminal.text import plain, seconds_text

REPORT = "report.html"
PROMPT_WIDTH = 40  # characters of a prompt that are shown


def show(record: RunRecord, out: Path) -> None:
    """A line for each picture, for each model, and one for all."""
    columns = ("picture", "model", "prompt", "seed", "steps", "seconds", "replay" if record.replays else "result")
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for cell in record.cells:
        table.add_row(*(Text(plain(text)) for text in _row(record, cell)))
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(table)
    if any(cell.measured for cell in record.cells):
        console.print(worth.table(record))
    console.print(plain(f"{out}: {_summary(record)}"), markup=False, highlight=False, soft_wrap=True)


def told(verdict: Verdict | None) -> str:
    """How a replayed picture compares with the recipe's."""
    if verdict is None:
        return "the recipe has no picture of it"
    if verdict.same == "bytes":
        return "byte-identical"
    if verdict.same == "pixels":
        return "same pixels, another file"
    at = "" if verdict.full else f", seen at {verdict.width}x{verdict.height}"
    if verdict.psnr is None:
        return f"differs, but not visibly{at}"
    return f"differs by {verdict.mean:.2g} of 255 levels, PSNR {verdict.psnr:.1f} dB{at}"


def _row(record: RunRecord, cell: CellRecord) -> tuple[str, ...]:
    setting = settings(record.plan)[cell.row]
    prompt = setting.prompt if len(setting.prompt) <= PROMPT_WIDTH else setting.prompt[: PROMPT_WIDTH - 1] + "…"
    took, steps = cell.measured, cell.request.steps if cell.request else setting.steps
    return (
        cell.picture.file if cell.picture else "",
        cell.model,
        prompt,
        str(setting.seed),
        "" if steps is None else str(steps),
        seconds_text(took.total - took.load - took.download) if took else "",
        _result(record, cell),
    )


def _result(record: RunRecord, cell: CellRecord) -> str:
    if cell.state is not State.DONE:
        return f"{cell.state.value}: {cell.error}" if cell.error else cell.state.value
    return told(cell.verdict) if record.replays else "; ".join(cell.notes) or "done"


def _summary(record: RunRecord) -> str:
    made = [cell for cell in record.cells if cell.state is State.DONE]
    text = f"{len(made)} of {len(record.cells)} pictures"
    if not record.replays:
        return f"{text}; {REPORT} shows them, {RECIPE} makes them again elsewhere."
    same = [cell.verdict.same for cell in made if cell.verdict]
    return f"{text}, {same.count('bytes')} byte-identical, {same.count('pixels')} with the same pixels."
