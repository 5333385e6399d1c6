"""`python app.py benchmark`: how far it is on stderr, and the table on stdout."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import atomic
import errors
from measurement import events, markdown, words
from measurement.earlier import Change, changes
from measurement.figures import figures, names
from measurement.plan import QUICK, Plan, check, chosen
from measurement.published import about
from measurement.record import Record
from measurement.shelf import Shelf
from models.amounts import bytes_text
from models.progress import Downloading
from models.registry import Registry
from terminal.generate import asked as with_size
from terminal.text import one_line, plain, seconds_text

if TYPE_CHECKING:
    from generation.engine import Engine
    from generation.task import Task

INTERRUPTED = 130
_PHASES = {
    "load": "loading",
    "warm_up": "warming up",
    "cold_load": "cold load",
    "warm_load": "warm load",
    "picture": "picture, previews {}",
    "batch": "{} pictures at a time",
}


def asked(
    models: Registry, names: str | None, random_weights: bool, size: str | None, steps: int | None, rounds: int,
    quick: bool,
) -> Plan:  # fmt: skip
    """What the options come to. Raises ConfigError or InvalidRequest for what can't be carried out."""
    listed = tuple(name.strip() for name in names.split(",")) if names else ()
    wanted = {"models": chosen(listed, models, random_weights), "random_weights": random_weights, "rounds": rounds}
    plan = Plan.model_validate({**wanted, **with_size(size, {"steps": steps}), **(QUICK if quick else {})})
    check(plan, models)
    return plan


def run(engine: Engine, plan: Plan, folder: str | None, json: Path | None, table: str | None) -> int:
    """Measure, print, keep and write; the exit code. Raises DarkroomError."""
    from measurement.work import work

    shelf = Shelf(Path(folder)) if folder else None
    kept = shelf.records() if shelf else []
    engine.start()
    task = engine.borrow(work(plan, engine.models, engine.preview, kept))
    try:
        record, interrupted = _followed(task, Console(stderr=True))
    finally:
        engine.close()
    if record is None:
        return INTERRUPTED
    _write(record, kept, json, table)
    show(record, kept)
    if shelf and any(figures(result) for result in record.models):
        print(f"Kept in {shelf.keep(record)}")
    return INTERRUPTED if interrupted else int(any(result.error for result in record.models))


def _followed(task: Task[Record], console: Console) -> tuple[Record | None, bool]:
    """The record, as far as it came, and whether somebody interrupted it."""
    latest: Record | None = None
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    try:
        with bar:
            line = bar.add_task("Starting", total=1.0, detail="")
            for event in task.events():
                if isinstance(event, events.Progress):
                    latest = event.record
                    bar.update(line, description=phase(event), completed=event.share, detail=left(event))
                elif isinstance(event, Downloading):
                    bar.update(line, description=f"{plain(event.model)}: downloading", detail=_amount(event))
        return task.result(), False
    except KeyboardInterrupt:
        task.cancel()
        with suppress(errors.Cancelled, KeyboardInterrupt):  # a second one does not wait for the step that is running
            task.result()
        return latest, True


def phase(event: events.Progress) -> str:
    """Which model, what of it, which round."""
    which = f" ({event.number} of {event.models})" if event.models > 1 else ""
    round_ = f", round {event.round} of {event.rounds}" if event.round else ""
    return f"{event.model}{which}: {_PHASES[event.phase].format(event.detail)}{round_}"


def left(event: events.Progress) -> str:
    """The time that is left, as far as anything is known of it."""
    known = "" if event.seconds_left is None else f"about {seconds_text(event.seconds_left)} left"
    others = [name for name in event.unknown if name != event.model]
    return f"{known}, then {', '.join(others)}" if known and others else known


def show(record: Record, kept: list[Record]) -> None:
    """The tables, and what must be known to read them."""
    console = Console(highlight=False)
    for line in (words.machine(record.machine), words.versions(record.machine)):
        console.print(plain(line), markup=False, soft_wrap=True)
    console.print(_table(record))
    for line in words.remarks(record):
        console.print(f"· {one_line(line)}", markup=False, soft_wrap=True)
    if compared := [change for change in changes(record, kept) if change.ratio is not None]:
        console.print(_changes(compared))
    if others := about([result.model for result in record.models]):
        console.print(f"Others have published {len(others)} figures of these models; --markdown - prints them as well.")


def _table(record: Record) -> Table:
    table = Table("", box=box.SIMPLE_HEAD)
    known = [{figure.name: figure for figure in figures(result)} for result in record.models]
    for result in record.models:
        table.add_column(plain(words.title(result)), justify="right")
    for name in names(record.models):
        cells = [words.spread(one[name], record.plan.rounds) if name in one else "–" for one in known]
        table.add_row(words.name(name), *cells)
    return table


def _changes(compared: list[Change]) -> Table:
    """Beside the benchmark before."""
    table = Table(box=box.SIMPLE_HEAD, title="Beside the benchmark before on this machine", title_justify="left")
    for column in ("model", "figure", "before", "now", "ratio", "beyond spread"):
        table.add_column(column, justify="left" if column in ("model", "figure") else "right")
    for change in compared:
        before, now = (words.value(it.spread.median, it.unit) for it in (change.before, change.now))
        said = "yes" if change.real else "no"
        table.add_row(change.model, words.name(change.now.name), before, now, f"{change.ratio:.2f}", said)
    return table


def _write(record: Record, kept: list[Record], json: Path | None, table: str | None) -> None:
    try:
        if json is not None:
            atomic.write(json, (record.model_dump_json(indent=1) + "\n").encode())
        if table == "-":
            print(markdown.document(record, kept))
        elif table is not None:
            atomic.write(Path(table), markdown.document(record, kept).encode())
    except OSError as error:
        raise errors.DarkroomError(
            f"{error.filename} cannot be written ({error.strerror}). Name another file."
        ) from error


def _amount(event: Downloading) -> str:
    if not event.total_bytes:
        return ""
    return f"{bytes_text(event.done_bytes)} of {bytes_text(event.total_bytes)}"
