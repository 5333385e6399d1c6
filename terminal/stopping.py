"""How a server is asked to end: by an interrupt (Ctrl-C) or by SIGTERM, which service managers and containers send."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1  # on Windows no signal ends a wait without a limit
DEADLINE_SECONDS = 9.0  # for all that an end takes; containers are killed after ten


class Stopping:
    """The wish to end. The first signal is heeded with care, a second one at once."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._at_last: Callable[[], None] | None = None  # None: nothing is served yet
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def wait(self, at_last: Callable[[], None]) -> None:
        """Until somebody wants the server to end. From then on the process lives for `DEADLINE_SECONDS` at most.

        `at_last` is called where it ends for want of time or patience.
        """
        self._at_last = at_last
        while not self._wanted.wait(LOOK_SECONDS):
            pass
        deadline = threading.Timer(DEADLINE_SECONDS, self._end)
        deadline.daemon = True
        deadline.start()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._at_last is None or self._wanted.is_set():
            self._end()  # somebody is impatient: what is on the disk is whole at any time
        self._wanted.set()

    def _end(self) -> None:
        if self._at_last is not None:
            self._at_last()
        os._exit(0)
