"""The benchmarks of a server: one at a time, kept when it ends, watched by whoever wants."""

from __future__ import annotations

import logging
import threading
from typing import Any

import errors
from generation.engine import Engine
from generation.task import Task
from measurement.events import Progress
from measurement.figures import figures
from measurement.plan import Plan, check
from measurement.record import Record
from measurement.shelf import Shelf

log = logging.getLogger(__name__)


class Runner:
    """Starts benchmarks on `engine` and keeps them on `shelf`. Any thread may use it."""

    def __init__(self, engine: Engine, shelf: Shelf | None) -> None:
        self.engine, self._shelf = engine, shelf
        self._changed = threading.Condition()
        self._task: Task[Record] | None = None
        self._version = 0  # counts what was told
        self._latest: Any = None  # told last: Progress, Downloading, Loading; None: nothing yet
        self._unkept: list[Record] = []  # newest first, of this server's life, where there is no shelf to read from
        self._error: str | None = None  # why the last one ended early, or was not kept

    def start(self, plan: Plan) -> None:
        """Raises DarkroomError where one is under way, or the plan can't be carried out."""
        from measurement.work import work

        check(plan, self.engine.models)
        with self._changed:
            if self._task is not None:
                raise errors.QueueFull("A benchmark is under way. Stop it, or wait until it is over.", 60.0)
            self._latest, self._error = None, None
            task = self._task = self.engine.borrow(work(plan, self.engine.models, self.engine.preview, self.records()))
        threading.Thread(target=self._follow, args=(task,), name="darkroom-benchmark", daemon=True).start()

    def stop(self) -> None:
        """End the one that is under way; what it has measured is kept."""
        with self._changed:
            task = self._task
        if task is not None:
            task.cancel()

    @property
    def under_way(self) -> bool:
        return self._task is not None

    @property
    def latest(self) -> Any:
        """What was told last of the one under way."""
        return self._latest

    @property
    def error(self) -> str | None:
        """What went wrong with the last one; None: nothing did."""
        return self._error

    def changed(self, seen: int, timeout: float) -> int:
        """Wait until there is more than `seen`, at most `timeout` seconds; the count now."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > seen, timeout)
            return self._version

    def records(self) -> list[Record]:
        """Those that were kept, newest first."""
        return [*self._unkept, *(self._shelf.records() if self._shelf else ())]

    def find(self, id: str) -> Record | None:
        """The record of that id, which may be any text; None if there is none."""
        here = next((record for record in self._unkept if record.id == id), None)
        return here or (self._shelf.find(id) if self._shelf else None)

    def _follow(self, task: Task[Record]) -> None:
        record: Record | None = None
        for event in task.events():
            record = event.record if isinstance(event, Progress) else record
            self._tell(event)
        try:
            record = task.result()
        except errors.Cancelled:
            pass
        except errors.DarkroomError as error:
            self._error = str(error)
        if record is not None and any(figures(result) for result in record.models):
            self._keep(record)
        with self._changed:
            self._task = None
        self._tell(None)

    def _keep(self, record: Record) -> None:
        try:
            if self._shelf is not None:
                self._shelf.keep(record)
                return
        except errors.DarkroomError as error:
            log.warning("%s", error)
            self._error = str(error)
        self._unkept.insert(0, record)

    def _tell(self, event: Any) -> None:
        with self._changed:
            self._latest = event
            self._version += 1
            self._changed.notify_all()
