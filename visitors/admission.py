"""Whether one more job of a visitor is taken: how many they have, and how many pictures they asked for lately."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import accumulate

from errors import LimitReached
from generation.caller import Caller
from generation.events import TERMINAL, Event
from generation.job import Job
from generation.request import GenerationRequest
from visitors.settings import Allowance

WINDOW = 60.0  # seconds in which pictures are counted
BUSY_SECONDS = 5.0  # until it is worth asking whether a job is done


class Admission:
    """The `admit` of an Engine, which has to `hear` that engine's jobs. Any thread may call it.

    Callers who are not counted have no limits. A picture counts when it is asked for, whatever becomes of it.
    """

    def __init__(self, allowed: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed, self._clock = allowed, clock
        self._lock = threading.Lock()  # guards what follows, by whoever is counted
        self._jobs: dict[str, set[str]] = {}  # ids of those under way
        self._asked: dict[str, deque[tuple[float, int]]] = {}  # when, and how many pictures; oldest first

    def __call__(self, request: GenerationRequest, caller: Caller) -> None:
        """Raises LimitReached."""
        if not (who := caller.counted_as):
            return
        with self._lock:
            self._refuse_if_busy(who)
            self._refuse_if_quick(who, request.count)
            self._asked.setdefault(who, deque()).append((self._clock(), request.count))

    def hear(self, job: Job, event: Event) -> None:
        """Take note of a job that begins to wait, or is over."""
        if not (who := job.caller.counted_as):
            return
        with self._lock:
            jobs = self._jobs.setdefault(who, set())
            (jobs.discard if isinstance(event, TERMINAL) else jobs.add)(job.id)
            if not jobs:
                del self._jobs[who]

    def _refuse_if_busy(self, who: str) -> None:
        count = len(self._jobs.get(who, ()))
        if count >= self._allowed.jobs:
            verb = "waits or runs" if count == 1 else "wait or run"
            raise LimitReached(
                f"{count} of your jobs {verb} already, which is all that one visitor may have. "
                "Wait until one is done, or stop one.",
                BUSY_SECONDS,
            )

    def _refuse_if_quick(self, who: str, count: int) -> None:
        most, now = self._allowed.pictures_per_minute, self._clock()
        self._forget(now)
        asked = self._asked.get(who, deque())
        gone = list(accumulate(pictures for _, pictures in asked))  # with the oldest, the two oldest, …
        too_many = (gone[-1] if gone else 0) + count - most
        if too_many <= 0:
            return
        since = next(since for (since, _), pictures in zip(asked, gone, strict=True) if pictures >= too_many)
        seconds = max(1.0, since + WINDOW - now)
        raise LimitReached(
            f"One visitor may ask for {most} picture{'s' * (most > 1)} a minute. Try again in {seconds:.0f} seconds.",
            seconds,
        )

    def _forget(self, now: float) -> None:
        """What was asked for longer ago does not count any more."""
        for who, asked in list(self._asked.items()):
            while asked and asked[0][0] <= now - WINDOW:
                asked.popleft()
            if not asked:
                del self._asked[who]
