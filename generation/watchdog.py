"""Reports a job that has told nothing for too long. It can't end one: a thread inside torch can't be stopped."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable

from generation.events import Silent
from generation.job import Job

log = logging.getLogger(__name__)


class Watchdog:
    """Looks after whatever `running` returns, which `worker` works on."""

    def __init__(self, worker: threading.Thread, seconds: float, running: Callable[[], Job | None]) -> None:
        self._worker, self._seconds, self._running = worker, seconds, running
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="darkroom-watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(min(5.0, self._seconds / 4)):
            job = self._running()
            if job is None:
                continue
            reported = job.latest.seconds if isinstance(job.latest, Silent) else 0.0
            if job.silent_seconds >= reported + self._seconds:
                self._report(job)

    def _report(self, job: Job) -> None:
        frame = sys._current_frames().get(self._worker.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame else "The worker thread is gone.\n"
        log.error("Job %s has told nothing for %.0f s while %s:\n%s", job.id, job.silent_seconds, job.phase, where)
        job.tell(Silent(job.silent_seconds))
