"""Notes of the jobs under way, a file each, so that after a restart whoever waits for one is told what became of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from pydantic import BaseModel, ConfigDict, ValidationError

import atomic
from generation.caller import Caller
from generation.events import INTERRUPTED, TERMINAL, Event
from generation.job import Job
from generation.request import GenerationRequest

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 86400.0  # for how long an interrupted job is told of
CLOSE_SECONDS = 2.0


class Note(BaseModel):
    """One job, as its file holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    owner: str
    created: float  # seconds since 1970
    request: GenerationRequest


class Journal:
    """Hears the jobs of an engine, and writes on a thread of its own: no job waits for a disk, or fails for one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._noted: set[str] = set()
        self._acts: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="darkroom-journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write down what was heard so far, and end."""
        self._acts.put(None)
        if self._thread.ident is not None:
            self._thread.join(CLOSE_SECONDS)

    def hear(self, job: Job, event: Event) -> None:
        """Take note of a new job, and drop the note of one that has ended by itself. Returns at once."""
        if isinstance(event, TERMINAL):
            self._noted.discard(job.id)
            if event != INTERRUPTED:
                self._acts.put(lambda: self._path(job.id).unlink(missing_ok=True))
        elif job.id not in self._noted:
            self._noted.add(job.id)
            note = Note(id=job.id, owner=job.caller.owner, created=job.created, request=job.request)
            self._acts.put(lambda: self._write(note))

    def interrupted(self) -> list[Job]:
        """The jobs that an earlier process left undone less than a day ago, oldest first, as ended."""
        found = [note for path in sorted(self._folder.glob("*.json")) if (note := _read(path)) is not None]
        return [_ended(note) for note in sorted(found, key=lambda note: note.created)]

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _write(self, note: Note) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        atomic.write(self._path(note.id), note.model_dump_json().encode())

    def _work(self) -> None:
        while (act := self._acts.get()) is not None:
            try:
                act()
            except OSError as error:  # it is a convenience: the job itself is not harmed
                log.warning("The notes of jobs under way are not up to date: %s", error)


def _read(path: Path) -> Note | None:
    """The note in the file at `path`, which goes when it is too old or none."""
    try:
        note = Note.model_validate_json(path.read_bytes())
        if note.id == path.stem and time.time() - note.created < REMEMBERED_SECONDS:
            return note
        path.unlink()
    except ValidationError:
        log.warning("%s is no note of a job; it is left alone.", path)
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error)
    return None


def _ended(note: Note) -> Job:
    job = Job(note.request, "off", lambda job: None, caller=Caller(note.owner), id=note.id)
    job.tell(INTERRUPTED)
    return job
