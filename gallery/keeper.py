"""Saves every finished picture that jobs tell of, on a thread of its own: no job waits for a disk, or fails for one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import GalleryUnavailable
from gallery.entry import Name
from gallery.gallery import Gallery
from generation.events import Developed, Event

if TYPE_CHECKING:
    from generation.job import Job

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0  # until the next attempt, while the gallery cannot be used
MOST_BYTES = 512_000_000  # of pictures that wait for it; the oldest are given up then
CLOSE_SECONDS = 10.0


@dataclass(frozen=True)
class Waiting:
    """A picture that is not saved yet."""

    job: str
    name: Name
    png: bytes


class Keeper:
    """Between the jobs of an engine and a gallery. Any thread may ask it anything."""

    def __init__(self, gallery: Gallery, again_seconds: float = AGAIN_SECONDS) -> None:
        self.gallery = gallery
        self._again_seconds = again_seconds
        self._changed = threading.Condition()  # guards what follows
        self._waiting: deque[Waiting] = deque()
        self._trouble: str | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="darkroom-gallery", daemon=True)

    def start(self) -> None:
        """Begin to save, after a look at what is there."""
        self._thread.start()

    def close(self) -> None:
        """Save what waits, if that is possible, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_SECONDS)
        self.gallery.close()

    def hear(self, job: Job, event: Event) -> None:
        """Take note of a finished picture, unless its job wants none kept. Returns at once."""
        if not isinstance(event, Developed) or event.picture.withheld or not job.keep:
            return
        with self._changed:
            self._waiting.append(Waiting(job.id, Name.new(job.caller.owner), event.picture.png))
            self._changed.notify_all()

    def trouble(self) -> tuple[str, int] | None:
        """Why pictures are not saved, and how many wait; None: all is well."""
        with self._changed:
            return None if self._trouble is None else (self._trouble, len(self._waiting))

    def settled(self, job: str, seconds: float) -> bool:
        """Wait until every picture that `job` has told of is saved; False where that fails, or takes longer."""
        with self._changed:
            self._changed.wait_for(lambda: self._trouble is not None or not self._has(job), seconds)
            return not self._has(job)

    def _has(self, job: str) -> bool:
        return any(waiting.job == job for waiting in self._waiting)

    def _work(self) -> None:
        with suppress(GalleryUnavailable):  # the first picture will say so
            log.info("Gallery: %s", self.gallery.sweep())
        while (next_ := self._next()) is not None:
            trouble = self._saved(next_)
            with self._changed:
                if trouble is None and self._waiting and self._waiting[0] is next_:
                    self._waiting.popleft()
                if trouble is not None and trouble != self._trouble:
                    log.error("%s", trouble)
                self._trouble = trouble
                self._changed.notify_all()
                if trouble is not None:
                    if self._closing:
                        log.error("%d pictures were not saved.", len(self._waiting))
                        return
                    self._pause()

    def _pause(self) -> None:
        """Wait for a while, and give up what is too much to hold."""
        self._changed.wait_for(lambda: self._closing, self._again_seconds)
        while sum(len(waiting.png) for waiting in self._waiting) > MOST_BYTES:
            log.error("A picture of job %s was given up.", self._waiting.popleft().job)

    def _next(self) -> Waiting | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return self._waiting[0] if self._waiting else None

    def _saved(self, waiting: Waiting) -> str | None:
        """Why `waiting` could not be saved; None: it is."""
        try:
            self.gallery.save(waiting.name, waiting.png)
        except GalleryUnavailable as error:
            return str(error)
        except Exception:  # a fault of ours in one picture must not keep those behind it
            log.exception("A picture of job %s was not saved", waiting.job)
        return None
