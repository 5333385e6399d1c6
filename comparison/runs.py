"""All comparisons of this server: those under way, and those that were made before."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from comparison.clip_scores import ClipScores
from comparison.forecast import Forecast, forecast
from comparison.plan import Plan
from comparison.recipe import Recipe
from comparison.record import CellRecord, RunRecord
from comparison.run import Chosen, Run, begun
from comparison.store import Store
from comparison.votes import Votes
from errors import QueueFull, ShuttingDown, UnknownRun
from generation.caller import Caller
from generation.engine import Engine
from generation.job import Job
from judging.settings import Clip

MOST, MOST_OF_ONE = 8, 2  # comparisons under way at a time: of all, and of one visitor
LISTED = 100  # comparisons at a time, the newest
KNOWN = 128  # that are held in memory, at most
REMEMBERED = 20  # earlier comparisons that a forecast looks at


class Runs:
    """Starts, stops, keeps and finds comparisons, below the folder `root`. Any thread may ask it anything.

    Every method that takes an `id` raises UnknownRun. Who may see which run is for the caller to decide.
    """

    def __init__(self, engine: Engine, root: Path, clip: Clip | None = None) -> None:
        self._engine, self._store = engine, Store(root)
        self.votes = Votes(root / "votes.sqlite")
        self.clip = ClipScores(self, engine, clip) if clip else None  # None: there are no scores by CLIP here
        self._lock = threading.Lock()  # guards what follows
        self._known: dict[str, Run] = {}
        self._closing = False

    def forecast(self, wanted: Plan | Recipe) -> Forecast:
        """What a plan, or the replay of a recipe, comes to. Raises InvalidRequest for what is not run at all."""
        return forecast(wanted, self._engine, self.listed(most=REMEMBERED))

    def start(self, wanted: Plan | Recipe, caller: Caller = Caller()) -> str:  # noqa: B008 - frozen
        """Begin with a plan, or the replay of a recipe; the run's id. Raises InvalidRequest, QueueFull or NotLetIn."""
        caller.check()
        run = begun(wanted, caller, self._engine, self._store)
        with self._lock:
            self._refuse_if_busy(caller)
            self._known[run.record.id] = run
            run.go_on()
        run.save()
        return run.record.id

    def record(self, id: str) -> RunRecord:
        """The run as it is now."""
        return self._run(id).record

    def listed(self, owner: str | None = None, most: int = LISTED) -> list[RunRecord]:
        """The newest runs, or those of `owner`, newest first."""
        with self._lock:
            there = {id: (run.record.created, run.record.owner) for id, run in self._known.items()}
        heads = {head.id: (head.created, head.owner) for head in self._store.heads()} | there
        mine = [id for id, (_, whose) in heads.items() if owner in (None, whose)]
        newest = sorted(mine, key=lambda id: heads[id], reverse=True)[:most]
        return [run.record for id in newest if (run := self._found(id))]

    def stop(self, id: str, model: str | None = None, number: int | None = None) -> None:
        """Stop one cell, all of one model, or all."""
        self._run(id).stop(_chosen(model, number))

    def resume(
        self,
        id: str,
        caller: Caller = Caller(),  # noqa: B008 - frozen
        model: str | None = None,
        number: int | None = None,
    ) -> None:
        """Run again what was stopped or failed: one cell, all of one model, or all. Raises QueueFull or NotLetIn."""
        caller.check()
        run = self._run(id)
        with self._lock:
            if not run.under_way:
                self._refuse_if_busy(caller)
        run.resume(_chosen(model, number), caller)

    def rate(self, id: str, number: int, scores: Mapping[str, float]) -> None:
        """Note scores of the finished picture `number`, beside those that it has."""
        self._run(id).rate(number, scores)

    def delete(self, id: str) -> None:
        """Stop the run and remove all of it. Raises GalleryUnavailable where its folder can't be removed."""
        self._run(id).delete()
        with self._lock:
            self._known.pop(id, None)

    def changed(self, id: str, seen: int, seconds: float) -> int:
        """The run's version, as soon as it is not the one `seen` (0: none), or after so many seconds."""
        return self._run(id).changed(seen, seconds)

    def running(self, id: str) -> Job | None:
        """The job of the cell that is under way, for live previews; None: none is."""
        return self._run(id).running()

    def trouble(self, id: str) -> str | None:
        """Why the disk does not take the run, whose pictures then last as long as this server; None: all is well."""
        return self._run(id).trouble

    def file(self, id: str, name: str) -> bytes:
        """A picture or a frame by its name in the record. Raises UnknownPicture."""
        return self._run(id).file(name)

    def close(self) -> None:
        """Stop everything, which can be resumed when the server is back."""
        with self._lock:
            self._closing = True
            runs = list(self._known.values())
        for run in runs:
            run.close()
        self.votes.close()

    def _run(self, id: str) -> Run:
        run = self._found(id)
        if run is None:
            raise UnknownRun("There is no such comparison (any more). Start a new one.")
        return run

    def _found(self, id: str) -> Run | None:
        with self._lock:
            run = self._known.pop(id, None)
            if run is None:
                record = self._store.read(id)
                run = None if record is None else Run(record, self._engine, self._store)
            if run is not None:
                self._known[id] = run  # to the end: used last
                self._forget()
            return run

    def _forget(self) -> None:
        """Leave to the disk what was used longest ago, and is there."""
        for id in list(self._known)[:-KNOWN]:
            if not self._known[id].under_way and self._known[id].trouble is None:
                del self._known[id]

    def _refuse_if_busy(self, caller: Caller) -> None:
        who, under_way = _counted(caller), [_counted(run.caller) for run in self._known.values() if run.under_way]
        if self._closing:
            raise ShuttingDown
        if len(under_way) >= MOST or (who and under_way.count(who) >= MOST_OF_ONE):
            yours = f", {under_way.count(who)} of them yours" if who else ""
            raise QueueFull(
                f"{len(under_way)} comparisons are under way{yours}. Stop one, or wait until one is done.", 60.0
            )


def _counted(caller: Caller) -> str:
    """As whom a visitor is counted; empty: as nobody."""
    return caller.counted_as or caller.owner


def _chosen(model: str | None, number: int | None) -> Chosen:
    def chosen(cell: CellRecord) -> bool:
        return (model is None or cell.model == model) and (number is None or cell.number == number)

    return chosen
