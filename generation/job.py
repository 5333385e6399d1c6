"""One job: its request, what it told so far, and whoever watches. Outlives its watchers; knows nothing of torch."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import errors
from generation.caller import Caller
from generation.events import (
    TERMINAL,
    Cancelled,
    Decoding,
    Developed,
    Encoding,
    Event,
    Failed,
    Finished,
    Frame,
    Picture,
    Queued,
    Silent,
    Step,
)
from generation.request import GenerationRequest
from generation.settings import PreviewMode
from models.progress import Downloading, Loading

_REPORTS = (Queued, Downloading, Loading, Step, Silent)  # the newest of several in a row says all
Listener = Callable[["Job", Event], None]  # called by whoever tells, under the job's lock: must return at once
_PHASES = {
    Queued: "queued",
    Downloading: "downloading",
    Loading: "loading",
    Encoding: "encoding",
    Step: "denoising",
    Decoding: "decoding",
    Developed: "decoding",
}
_RAISED = (
    errors.ConfigError,
    errors.ModelUnavailable,
    errors.OutOfMemory,
    errors.GenerationFailed,
    errors.Interrupted,
    errors.NoGpu,
)


class Job:
    """A request on its way. Any thread may watch it, at any time; one thread at a time tells."""

    def __init__(
        self,
        request: GenerationRequest,
        preview: PreviewMode,
        on_cancel: Callable[[Job], None],
        *,
        caller: Caller = Caller(),  # noqa: B008 - frozen
        keep: bool = True,  # False: whoever saves pictures leaves these alone
        listeners: Sequence[Listener] = (),
        id: str | None = None,  # None: a new one
    ) -> None:
        self.id = id or secrets.token_urlsafe(9)
        self.request = request
        self.preview = preview
        self.caller = caller
        self.keep = keep
        self.created = time.time()
        self.phase = "queued"
        self._on_cancel = on_cancel
        self._listeners = tuple(listeners)
        self._changed = threading.Condition()
        self._told: list[tuple[int, Event]] = []  # numbered; of several reports in a row only the newest
        self._count = 0  # events told, superseded ones included
        self._frames: list[Frame] = []
        self._pictures: list[Picture] = []
        self._cancel = threading.Event()
        self._heard = time.monotonic()

    @property
    def latest(self) -> Event:
        return self._told[-1][1]

    @property
    def done(self) -> bool:
        return bool(self._told) and isinstance(self.latest, TERMINAL)

    @property
    def silent_seconds(self) -> float:
        """Since it last told anything, or got the device."""
        return time.monotonic() - self._heard

    def events(self) -> Iterator[Event]:
        """What the job tells, from its newest event on and up to the terminal one."""
        seen = max(0, self._count - 1)
        while True:
            with self._changed:
                self._changed.wait_for(lambda seen=seen: self._count > seen)  # type: ignore[misc]
                seen, event = next(numbered for numbered in self._told if numbered[0] > seen)
            yield event
            if isinstance(event, TERMINAL):
                return

    def result(self) -> Finished:
        """Waits for the end. Raises DarkroomError if the job failed, errors.Cancelled if it was cancelled."""
        *_, last = self.events()
        if isinstance(last, Cancelled):
            raise errors.Cancelled(last.phase)
        if isinstance(last, Failed):
            raise next((kind for kind in _RAISED if kind.__name__ == last.kind), errors.DarkroomError)(last.message)
        assert isinstance(last, Finished)
        return last

    def follow(self, listener: Listener) -> None:
        """Let `listener` hear what the job tells, from its newest event on."""
        with self._changed:
            self._listeners += (listener,)
            if self._told:
                listener(self, self.latest)

    def leave(self, listener: Listener) -> None:
        """`listener` hears nothing more."""
        with self._changed:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

    def frames(self) -> tuple[Frame, ...]:
        """The film strip so far."""
        with self._changed:
            return tuple(self._frames)

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that are finished so far."""
        with self._changed:
            return tuple(self._pictures)

    def cancel(self) -> None:
        """End the job as cancelled: at once while it waits, within one step while it runs; nothing once it is over."""
        self._cancel.set()
        self._on_cancel(self)

    def tell(self, event: Event) -> None:
        """Note `event` for whoever watches. After the terminal event nothing is told any more."""
        with self._changed:
            if self.done:
                return
            self._count += 1
            numbered = (self._count, event)
            if self._told and isinstance(event, _REPORTS) and type(event) is type(self.latest):
                self._told[-1] = numbered  # in place: `latest` is read without the lock
            else:
                self._told.append(numbered)
            self._keep(event)
            for listener in self._listeners:
                listener(self, event)
            self._changed.notify_all()

    def report(self, event: Event) -> None:
        """`tell` for whoever does the work: raises errors.Cancelled as soon as that is wanted."""
        self.tell(event)
        if self._cancel.is_set():
            raise errors.Cancelled

    def begins(self) -> None:
        """It has the device from now on: that it told nothing while it waited is no silence."""
        self._heard = time.monotonic()

    def stands(self, queued: Queued) -> None:
        """`tell` where a waiting job stands in the queue, unless that is known."""
        if not self._told or (isinstance(self.latest, Queued) and self.latest != queued):
            self.tell(queued)

    def _keep(self, event: Event) -> None:
        self.phase = _PHASES.get(type(event), self.phase)
        if not isinstance(event, Silent):
            self._heard = time.monotonic()
        if isinstance(event, Step) and event.frame is not None:
            self._frames.append(event.frame)
        if isinstance(event, Developed):
            self._pictures.append(event.picture)
            if event.frames:
                others = [frame for frame in self._frames if frame.index != event.picture.index]
                self._frames = [*others, *event.frames]
