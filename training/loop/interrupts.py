"""Ctrl-C and `kill` in mid-training: the step is finished and saved, and the command goes on from there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from errors import DarkroomError

HEARD = (signal.SIGINT, signal.SIGTERM)


class Stopped(DarkroomError):  # noqa: N818 - reads as what it is wherever it is raised
    """A training was told to end and has saved where it was; `signal` is what told it."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.signal = number


class Ears:
    """`number` is the signal that was heard, 0 until then."""

    number = 0


@contextmanager
def ears() -> Iterator[Ears]:
    """Keep the first signal in mind instead of ending; the second one does what it always does.

    Python tells signals to the main thread alone, so elsewhere none is heard. One that is ignored stays so.
    """
    found = Ears()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    usual = {number: signal.getsignal(number) for number in HEARD}
    told = [number for number in HEARD if usual[number] is not signal.SIG_IGN]

    def leave() -> None:
        for number in told:
            signal.signal(number, usual[number])

    def hear(number: int, _frame: FrameType | None) -> None:
        found.number = number
        leave()

    for number in told:
        signal.signal(number, hear)
    try:
        yield found
    finally:
        leave()
