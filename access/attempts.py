"""Guesses are slowed down: some are free, then each costs a longer wait."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5  # wrong guesses in a row
FIRST, LONGEST = 1.0, 300.0  # seconds to wait after the next one, doubled with every further one
FORGOTTEN = 3600.0  # seconds without a guess, after which there were none
MOST = 10_000  # addresses or accounts that are remembered; the one longest without a guess goes first


@dataclass
class _Guessed:
    wrong: int
    last: float  # on the clock


class Attempts:
    """The wrong guesses of each of many: addresses, or accounts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._guessed: OrderedDict[str, _Guessed] = OrderedDict()

    def guess(self, who: str) -> float:
        """Count a guess of `who` before it is looked at, or tell how many seconds they have to wait for it."""
        with self._lock:
            now, before = self._clock(), self._guessed.get(who)
            if before is None or now - before.last > FORGOTTEN:
                before = _Guessed(0, now)
            elif before.wrong >= FREE:
                due = before.last + min(LONGEST, FIRST * 2.0 ** min(before.wrong - FREE, 30))
                if due > now:
                    return due - now
            self._guessed[who] = _Guessed(before.wrong + 1, now)
            self._guessed.move_to_end(who)
            while len(self._guessed) > MOST:
                self._guessed.popitem(last=False)
            return 0

    def forgive(self, who: str, guesses: int = 1) -> None:
        """The last guess was right: it, or that many, are no longer counted."""
        with self._lock:
            if guessed := self._guessed.get(who):
                guessed.wrong = max(0, guessed.wrong - guesses)
