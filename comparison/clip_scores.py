"""CLIP's scores of a comparison's pictures: fetched, computed and noted where somebody asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from comparison import pixels
from comparison.quality import CLIP
from comparison.record import CellRecord, RunRecord, State
from errors import Cancelled, DarkroomError
from generation.engine import Engine
from generation.task import Loan, Task, Work
from judging.clip_score import Scorer
from judging.settings import CLIP_FILES, Clip
from models import storage
from models.progress import Downloading, Loading
from models.spec import Source

if TYPE_CHECKING:
    from comparison.runs import Runs

LOOK_SECONDS = 0.1  # between two looks at a download
Note = Callable[[int, Mapping[str, float]], None]  # told a cell's number and its scores


@dataclass(frozen=True)
class Scored:
    """How far the scoring is."""

    done: int
    total: int


class ClipScores:
    """Scores comparisons by CLIP. Any thread may ask."""

    def __init__(self, runs: Runs, engine: Engine, clip: Clip) -> None:
        self._runs, self._engine, self._clip = runs, engine, clip
        self._lock = threading.Lock()  # guards what follows
        self._tasks: dict[str, Task[int]] = {}  # the latest of each run

    @property
    def missing_bytes(self) -> int:
        """How much is downloaded before the first score. Asks nobody."""
        return self._clip.missing_bytes

    def start(self, id: str) -> Task[int]:
        """Score what is finished in the run `id` and has no score yet; how many pictures is the task's result.

        Where that is under way, it is the task that does it. Its events are Downloading and Scored. Raises UnknownRun
        or QueueFull.
        """
        record = self._runs.record(id)
        with self._lock:
            task = self._tasks.get(id)
            if task is None or task.done:
                work = scoring(self._clip, record, lambda name: self._runs.file(id, name), self._note(id))
                task = self._tasks[id] = self._engine.borrow(work)
            return task

    def task(self, id: str) -> Task[int] | None:
        """The latest for that run, which may be over."""
        return self._tasks.get(id)

    def trouble(self, id: str) -> str | None:
        """Why the latest for that run failed; None: it did not."""
        task = self.task(id)
        if task is None or not task.done:
            return None
        try:
            task.result()
        except DarkroomError as error:
            return str(error)
        except Cancelled:
            return None
        return None

    def _note(self, id: str) -> Note:
        return lambda number, scores: self._runs.rate(id, number, scores)


def scoring(clip: Clip, record: RunRecord, read: Callable[[str], bytes], note: Note) -> Work[int]:
    """Work for Engine.borrow: score what `record` has finished and has no score of, from files as `read` gives them."""

    def work(loan: Loan) -> Generator[None, None, int]:
        cells = unscored(record)
        if not cells:
            return 0
        scorer = Scorer((yield from _fetched(clip.source, loan)))
        for done, cell in enumerate(cells):
            loan.tell(Scored(done, len(cells)))
            yield
            assert cell.request is not None
            assert cell.picture is not None
            (score,) = scorer.score([cell.request.prompt], [pixels.opened(read(cell.picture.file))])
            note(cell.number, {CLIP: score.cosine})
        loan.tell(Scored(len(cells), len(cells)))
        return len(cells)

    return work


def unscored(record: RunRecord) -> list[CellRecord]:
    """The finished pictures that have no score by CLIP."""
    done = [cell for cell in record.cells if cell.state is State.DONE and cell.picture and cell.request]
    return [cell for cell in done if CLIP not in cell.quality and not (cell.picture and cell.picture.withheld)]


def _fetched(source: Source, loan: Loan) -> Generator[None, None, Path]:
    """The folder with CLIP's files. A thread of its own fetches them: jobs need the device meanwhile."""
    latest: list[Downloading | Loading] = []
    left = threading.Event()
    folder: Future[Path] = Future()

    def report(event: Downloading | Loading) -> None:
        latest[:] = [event]
        if left.is_set():
            raise Cancelled

    def fetch() -> None:
        try:
            folder.set_result(storage.obtain(source, CLIP_FILES, report))
        except Exception as error:  # the task's own
            folder.set_exception(error)

    threading.Thread(target=fetch, name="darkroom-clip", daemon=True).start()
    try:
        while not wait([folder], LOOK_SECONDS).done:
            for event in latest:
                loan.tell(event)
            yield
        return folder.result()
    finally:
        left.set()
