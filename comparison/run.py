"""One comparison on its way: its cells one after another, each a job of the engine among those of others."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from comparison.made_with import also, made_with
from comparison.outcome import Outcome, outcome
from comparison.plan import Plan, cells
from comparison.recipe import Recipe, written
from comparison.record import CellRecord, Picture, RunRecord, State, Verdict
from comparison.replay import verdict
from comparison.requests import completed
from comparison.saving import Saving
from comparison.store import RECIPE, Store
from errors import BROKE, DarkroomError, QueueFull, UnknownPicture
from generation.caller import Caller
from generation.engine import Engine
from generation.events import Cancelled, Failed, Finished
from generation.job import Job
from generation.settings import PreviewMode
from models.progress import Loading

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds at most between two attempts at a full queue, or a full disk
CLOSE_SECONDS = 10.0
UNFINISHED = (State.WAITING, State.RUNNING)
RESUMED = (State.STOPPED, State.FAILED)
Chosen = Callable[[CellRecord], bool]


def begun(
    wanted: Plan | Recipe, caller: Caller, engine: Engine, store: Store, preview: PreviewMode | None = None
) -> Run:
    """A new run of what is `wanted`, which nothing works on yet. Raises InvalidRequest."""
    replayed = wanted if isinstance(wanted, Recipe) else None
    plan, titles = (wanted.plan, dict(wanted.titles)) if isinstance(wanted, Recipe) else (wanted, {})
    ours = {name: spec.title for name, spec in engine.models.items()}
    record = RunRecord(
        id=secrets.token_hex(16),
        created=time.time(),
        owner=caller.owner,
        plan=plan,
        made_with=made_with(),
        titles={name: ours.get(name) or titles.get(name, name) for name in plan.models},
        cells=tuple(completed(wanted, engine)),
        replays=replayed is not None,
    )
    return Run(record, engine, store, replayed, preview, caller)


class Run:
    """A run in memory, and the thread that works on it while a cell waits. Any thread may ask it anything."""

    def __init__(
        self,
        record: RunRecord,
        engine: Engine,
        store: Store,
        recipe: Recipe | None = None,
        preview: PreviewMode | None = None,
        caller: Caller = Caller(),  # noqa: B008 - frozen
    ) -> None:
        self.caller = caller  # who had it run last; not kept: an address is nobody's to keep
        self._engine, self._store, self._preview = engine, store, preview
        self._changed = threading.Condition()  # guards what follows
        self._record, self._version = record, 1
        self._job: tuple[int, Job] | None = None
        self._thread: threading.Thread | None = None
        self._recipe = recipe  # of a replay; None until it is needed
        self._over = False  # deleted, or the server closes
        self._saving = Saving(store, record.id)
        if recipe:
            self._saving.add({RECIPE: written(recipe)})

    @property
    def record(self) -> RunRecord:
        return self._record

    @property
    def trouble(self) -> str | None:
        """Why the disk does not take the run; None: it does."""
        return self._saving.trouble

    @property
    def under_way(self) -> bool:
        return self._thread is not None and any(cell.state in UNFINISHED for cell in self._record.cells)

    def running(self) -> Job | None:
        """The job of the cell that is under way."""
        with self._changed:
            return None if self._job is None else self._job[1]

    def changed(self, seen: int, seconds: float) -> int:
        """The version, as soon as it is not the one `seen`, or after so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen, seconds)
            return self._version

    def stop(self, chosen: Chosen) -> None:
        """Stop the `chosen` cells that are not over."""
        with self._changed:
            self._set(lambda cell: chosen(cell) and cell.state in UNFINISHED, state=State.STOPPED)
            job = self._job
            running = job is not None and self._record.cells[job[0]].state is State.STOPPED
        if job is not None and running:
            job[1].cancel()
        self.save()

    def resume(self, chosen: Chosen, caller: Caller = Caller()) -> None:  # noqa: B008 - frozen
        """Go on for `caller` with the `chosen` cells that were stopped or failed; what nobody can run fails again."""
        with self._changed:
            self.caller = caller
            self._set(lambda cell: chosen(cell) and cell.state in RESUMED, state=State.WAITING, error=None)
            self._record = self._record.model_copy(update={"made_with": also(self._record.made_with)})
            self.go_on()
        self.save()

    def go_on(self) -> None:
        """Have a thread work on whatever waits."""
        with self._changed:
            if self._waiting() and self._thread is None and not self._over:
                self._thread = threading.Thread(target=self._work, name="darkroom-comparison", daemon=True)
                self._thread.start()

    def rate(self, number: int, scores: Mapping[str, float]) -> None:
        """Note how good the picture of that cell is, by one score or several."""
        with self._changed:
            quality = {**self._record.cells[number].quality, **scores}
            self._set(lambda cell: cell.number == number and cell.state is State.DONE, quality=quality)
        self.save()

    def close(self) -> None:
        """End the thread, and what it waits for."""
        with self._changed:
            self._over = True
            self._version += 1
            thread, job = self._thread, self._job
            self._changed.notify_all()
        if job is not None:
            job[1].cancel()
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def delete(self) -> None:
        """Close, and remove the run from the disk. Raises GalleryUnavailable where that fails."""
        self.close()
        self._saving.delete()

    def file(self, name: str) -> bytes:
        """A file that the record names. Raises UnknownPicture."""
        pictures = [cell.picture for cell in self._record.cells if cell.picture]
        if not any(name == picture.file or name in picture.frames for picture in pictures):
            raise UnknownPicture("This comparison has no such picture.")
        return self._saving.file(name)

    def save(self, files: dict[str, bytes] | None = None) -> None:
        """Write `files`, what the disk would not take before, and then the record."""
        self._saving.add(files or {})
        if self._saving.save(lambda: self._record):
            with self._changed:
                self._tell()

    # The thread

    def _work(self) -> None:
        model = ""
        while (cell := self._next(model)) is not None:
            model = cell.model
            try:
                self._develop(cell)
            except Exception:  # a fault of ours in one cell must not keep those behind it
                log.exception("Cell %d of comparison %s failed", cell.number, self._record.id)
                self._end(cell.number, state=State.FAILED, error=BROKE)

    def _next(self, model: str) -> CellRecord | None:
        """The cell to develop, of `model` if there is one more; None: the thread ends."""
        with self._changed:
            while not (waiting := self._waiting()) or self._over:
                if self._over or self.trouble is None:
                    self._thread = None
                    return None
                self._changed.wait(PATIENCE)
                self.save()  # the disk may take it by now
            cell = min(waiting, key=lambda cell: (cell.model != model, cell.number))
            self._set(lambda it: it is cell, state=State.RUNNING)
            return self._record.cells[cell.number]

    def _develop(self, cell: CellRecord) -> None:
        try:
            job = self._submitted(cell)
        except DarkroomError as error:
            return self._end(cell.number, state=State.FAILED, error=str(error))
        if job is None:
            return None
        loaded = False
        for event in job.events():
            loaded = loaded or isinstance(event, Loading)
        with self._changed:
            self._job = None
        if isinstance(event, Finished):
            done = outcome(cell.number, job, event, loaded, self._engine.models[cell.model])
            self.save(done.files)
            return self._end(cell.number, **done.changes, verdict=self._verdict(cell.number, done))
        if isinstance(event, Failed):
            return self._end(cell.number, state=State.FAILED, error=event.message)
        assert isinstance(event, Cancelled)
        return self._end(cell.number, unless=State.WAITING, state=State.STOPPED)

    def _verdict(self, number: int, done: Outcome) -> Verdict | None:
        """How the picture compares with the recipe's; None where there is none to compare with."""
        picture: Picture = done.changes["picture"]
        if not self._record.replays or picture.withheld:
            return None
        try:
            self._recipe = self._recipe or self._store.recipe(self._record.id)
        except (OSError, DarkroomError) as error:
            log.error("Comparison %s has nothing to compare with: %s", self._record.id, error)
            return None
        expected = next((cell.expected for cell in self._recipe.cells if cell.number == number), None)
        return None if expected is None else verdict(expected, picture, done.files[picture.file])

    def _submitted(self, cell: CellRecord) -> Job | None:
        """The job, as soon as the queue takes it; None: the cell was stopped before. Raises InvalidRequest."""
        while True:
            with self._changed:
                if self._over or self._record.cells[cell.number].state is not State.RUNNING:
                    return None
                try:
                    request = cell.request or self._engine.request(cells(self._record.plan)[cell.number].asked)
                    job = self._engine.submit(
                        request, preview=self._preview, caller=Caller(self._record.owner, self.caller.counted_as)
                    )
                    self._job = (cell.number, job)
                    self._set(lambda it: it.number == cell.number, request=request)
                    return job
                except QueueFull as full:
                    self._changed.wait(min(full.retry_seconds, PATIENCE))

    def _end(self, number: int, unless: State | None = None, **changes: Any) -> None:
        """Note how the cell ended, `unless` it is in that state: somebody resumed it in between."""
        with self._changed:
            self._set(lambda cell: cell.number == number and cell.state is not unless, **changes)
        self.save()

    # Under the lock

    def _waiting(self) -> list[CellRecord]:
        return [cell for cell in self._record.cells if cell.state is State.WAITING]

    def _set(self, chosen: Chosen, **changes: Any) -> None:
        cells = [cell.model_copy(update=changes) if chosen(cell) else cell for cell in self._record.cells]
        self._record = self._record.model_copy(update={"cells": tuple(cells)})
        self._tell()

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()
