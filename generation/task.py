"""Work on the device that makes no picture for anybody: a benchmark, the scoring of pictures. Jobs go before it.

def work(loan: Loan) -> Generator[None, None, float]:
    for spec in specs:
        loaded = loan.acquire(spec)
        ...
        loan.tell(Measured(spec.name))  # progress; ends the work here if it was cancelled
        yield                           # jobs that wait go now, and may have put other models onto the device
    return result

task = engine.borrow(work)
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import errors
from models.device import Device
from models.spec import ModelSpec

if TYPE_CHECKING:  # load torch
    from models.checkpoint import Origin
    from models.loading import Loaded

R = TypeVar("R")


class Acquire(Protocol):
    """The model on the device, its components from its files or another origin. Tells Downloading and Loading."""

    def __call__(self, spec: ModelSpec, origin: Origin | None = None) -> Loaded: ...


@dataclass(frozen=True)
class Loan:
    """What a piece of work may do with the device, in the engine's thread and between two of its yields alone."""

    device: Device
    acquire: Acquire
    in_memory: Callable[[ModelSpec], bool]  # on the device or warm
    unload: Callable[[], None]  # every model off the device; what the budget holds stays warm
    free: Callable[[], None]  # every model out of memory
    tell: Callable[[Any], None]  # an event for whoever watches; raises errors.Cancelled when that is wanted


Work = Callable[[Loan], Generator[None, None, R]]  # without gradients; returns the result


class Task(Generic[R]):
    """A piece of work on its way. Any thread may watch it, at any time."""

    def __init__(self, work: Work[R], on_cancel: Callable[[Task[R]], None]) -> None:
        self.id = secrets.token_urlsafe(9)
        self.cancelled = False  # wanted; the work may still go on for a moment
        self.begun = False  # the device's thread has had it, and alone ends it
        self._work, self._on_cancel = work, on_cancel
        self._running: Generator[None, None, R] | None = None  # None before it begins
        self._changed = threading.Condition()
        self._told: list[Any] = []
        self._done = False
        self._result: R | None = None
        self._error: Exception | None = None

    @property
    def done(self) -> bool:
        return self._done

    @property
    def latest(self) -> Any:
        """What it told last; None: nothing yet."""
        with self._changed:
            return self._told[-1] if self._told else None

    def events(self) -> Iterator[Any]:
        """All that the work tells, from its first event on, until it ends."""
        seen = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda seen=seen: len(self._told) > seen or self._done)  # type: ignore[misc]
                new = self._told[seen:]
            if not new:
                return
            yield from new
            seen += len(new)

    def result(self) -> R:
        """Waits for the end. Raises DarkroomError if the work failed, errors.Cancelled if it was cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._done)
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # it is R once there is no error

    def cancel(self) -> None:
        """End it: at once before it begins, else where it next tells or yields; nothing once it is over."""
        self.cancelled = True
        self._on_cancel(self)

    def tell(self, event: Any) -> None:
        """Note `event` for whoever watches. Raises errors.Cancelled when that is wanted."""
        with self._changed:
            self._told.append(event)
            self._changed.notify_all()
        if self.cancelled:
            raise errors.Cancelled

    # What follows is for the engine, which alone drives it.

    def go_on(self, loan: Loan) -> bool:
        """Work until it lets others go first; whether it is over. Raises what the work raises."""
        if self.cancelled:
            raise errors.Cancelled
        if self._running is None:
            self._running = self._work(loan)
        try:
            next(self._running)
        except StopIteration as end:
            self._end(result=end.value)
        return self._done

    def fail(self, error: Exception) -> None:
        """It is over, and `error` is what its result raises."""
        if self._running is not None:
            self._running.close()
        self._end(error=error)

    def _end(self, result: R | None = None, error: Exception | None = None) -> None:
        with self._changed:
            self._result, self._error, self._done = result, error, True
            self._running = None  # and with it all that the work held
            self._changed.notify_all()
