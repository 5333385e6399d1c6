"""`python app.py compare`: a plan or a recipe is run into a folder."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from comparison import recipe as recipes
from comparison.clip_scores import Scored, scoring
from comparison.export import tables
from comparison.export.bundle import exports
from comparison.plan import Plan
from comparison.recipe import Recipe
from comparison.record import RunRecord, State
from comparison.run import UNFINISHED, Run, begun
from comparison.store import RECIPE, RECORD, Store
from errors import DarkroomError, InvalidRequest, ModelUnavailable
from generation.caller import Caller
from judging.settings import Clip
from models.amounts import bytes_text
from models.storage import on_disk
from terminal.compared import show
from terminal.generate import Line, asked, progress, shown, update
from terminal.pictures import destination

if TYPE_CHECKING:
    from config import Comparison
    from generation.engine import Engine


class Folder(Store):
    """One run, in the folder `root` itself."""

    def folder(self, id: str) -> Path:
        return self.root


def wanted(
    engine: Engine,
    out: Path,
    recipe: Path | None,
    models: str | None,
    size: str | None,
    negative: str | None,
    axes: Mapping[str, Sequence[Any] | None],
) -> Run:
    """What the options come to: a recipe, a plan, or to go on with what is in `out`. Raises InvalidRequest."""
    chosen = {name: tuple(values) for name, values in axes.items() if values}
    others = {name: value for name, value in asked(size, {"negative_prompt": negative}).items() if value is not None}
    plan = bool(models or chosen or others)
    there = Folder(out).read_any("")
    if there is None and (out / RECORD).exists():
        raise InvalidRequest(f"{out / RECORD} cannot be read. Name another folder with --out.", "out")
    if there and (recipe or plan):
        raise InvalidRequest(f"{out} holds a comparison already. Name another --out, or it alone to go on.", "out")
    if there:
        return Run(there, engine, Folder(out), preview="off")
    if recipe and plan:
        raise InvalidRequest("A recipe tells already what is made. Leave the other options out.", "recipe")
    names = models.split(",") if models else _at_hand(engine)
    return begun(
        _read(recipe) if recipe else _plan(chosen, names, others), Caller(), engine, Folder(out), preview="off"
    )


def clip(deployment: Comparison, wanted: bool) -> Clip | None:
    """What scores the pictures where that is `wanted`. Raises InvalidRequest if there is nothing that could."""
    if wanted and deployment.clip is None:
        raise InvalidRequest(
            "There is no `comparison.clip` in config.yaml. Name one there, or leave --clip out.", "clip"
        )
    return deployment.clip if wanted else None


def folder(out: str) -> Path:
    """Where a run goes. Raises InvalidRequest for a place that can't be written."""
    chosen = destination(out)
    if chosen.stem is not None:
        raise InvalidRequest(f"--out is {out}. A comparison has several files; name a folder.", "out")
    return chosen.folder


def run(engine: Engine, running: Run, out: Path, as_json: bool, clip: Clip | None = None) -> bool:
    """Go on with `running` in the folder `out`, and score it by `clip`; whether all of it could be made.

    Raises InvalidRequest where nothing of it can be, and DarkroomError where `out` can't be written, or `clip` be had.
    """
    if all(cell.error for cell in running.record.cells):
        raise InvalidRequest(running.record.cells[0].error or "", "comparison")
    engine.start()
    running.save()
    running.resume(lambda cell: cell.request is not None)
    running.go_on()
    try:
        with progress(Console(stderr=True)) as bar:
            _follow(running, bar)
            unscored = _score(engine, running, clip, bar) if clip else None
        running.close()
        _write_exports(Folder(out), running.record)
        if unscored:
            raise unscored
    except KeyboardInterrupt:
        with suppress(KeyboardInterrupt):  # a second one does not wait for the step that is running
            running.close()
        raise
    except DarkroomError:  # no thread may be inside torch when Python ends
        running.close()
        engine.close()
        raise
    engine.close()
    if as_json:
        print(tables.json(running.record, None))
    else:
        show(running.record, out)
    return complete(running.record)


def complete(record: RunRecord) -> bool:
    """Whether all that was asked for is made; of a replay, all that its recipe has."""
    asked = [cell for cell in record.cells if cell.request or not record.replays]
    return all(cell.state is State.DONE for cell in asked)


def _plan(chosen: Mapping[str, Any], models: Sequence[str], others: Mapping[str, Any]) -> Plan:
    if "prompts" not in chosen:
        raise InvalidRequest("There is nothing to compare. Give --prompt, or name a recipe.", "prompts")
    names = tuple(name.strip() for name in models)
    try:
        return Plan(models=names, **{"seeds": (secrets.randbelow(2**31),), **chosen}, **others)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        raise InvalidRequest(f"{field} is {ascii(first['input'])[:60]}: {first['msg']}.", field) from None


def _read(path: Path) -> Recipe:
    try:
        with path.open("rb") as file:
            return recipes.read(file.read(recipes.MOST_BYTES + 1))
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read ({error.strerror}). Name a recipe.", "recipe") from error


def _at_hand(engine: Engine) -> list[str]:
    return [name for name, spec in engine.models.items() if on_disk(spec)]


def _follow(running: Run, bar: Progress) -> None:
    """Show how far it is until it is over. Raises DarkroomError as soon as the folder does not take it."""
    task = bar.add_task("Starting", total=None, detail="")
    seen = 0
    while running.under_way:
        seen = running.changed(seen, 0.1)
        if running.trouble is not None:
            raise DarkroomError(f"The pictures cannot be written ({running.trouble}). Name another place with --out.")
        job, cells = running.running(), running.record.cells
        line = shown(job.latest, job.request) if job else None
        if job and line:
            number = 1 + sum(cell.state not in UNFINISHED for cell in cells)
            phase = f"{min(number, len(cells))} of {len(cells)}, {job.request.model}: {line.phase}"
            update(bar, task, Line(phase, line.done, line.total, line.detail))


def _score(engine: Engine, running: Run, clip: Clip, bar: Progress) -> ModelUnavailable | None:
    """Have CLIP score the pictures, and show how far it is; why it could not."""
    line = bar.add_task("Starting CLIP", total=None, detail="")
    task = engine.borrow(scoring(clip, running.record, running.file, running.rate))
    try:
        for event in task.events():
            if isinstance(event, Scored):
                update(bar, line, Line("Scoring by CLIP", event.done, event.total, f"{event.done} of {event.total}"))
            else:
                amount = f"{bytes_text(event.done_bytes)} of {bytes_text(event.total_bytes)}"
                update(bar, line, Line("Downloading CLIP", event.done_bytes, event.total_bytes or None, amount))
        task.result()
    except ModelUnavailable as error:  # the pictures are made nevertheless
        return error
    finally:
        task.cancel()  # does nothing where it is over
    return None


def _write_exports(store: Store, record: RunRecord) -> None:
    """Report, contact sheet, tables, and the recipe unless the run is that of one."""
    for name, content in exports(record, lambda file: store.get(record.id, file)):
        if name == RECIPE and record.replays:
            continue
        try:
            store.put(record.id, name, content)
        except OSError as error:
            raise DarkroomError(f"{name} cannot be written ({error.strerror}). Name another --out.") from error
