"""Stands in the engine's place where each job has a process and a GPU of its own: the same requests, jobs and events.

The models that are held ready are put onto "cuda" by the main thread before the page is launched, as spaces emulates it
there. A job then waits in this process, in a thread of its own, while spaces finds it a GPU, forks, moves those models
and runs `_on_gpu` there. What that tells comes back pickled and is told to the job here, where the gallery hears it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

import spaces  # before torch and gradio: it takes their places
from gradio.exceptions import Error as Toast

import errors
from generation.caller import Caller
from generation.engine import CLOSE_SECONDS, Engine
from generation.events import TERMINAL, Cancelled, Event, Failed, Finished, Queued, Terminal
from generation.job import Job
from generation.request import GenerationRequest
from generation.settings import PreviewMode
from generation.task import Task, Work
from models import storage
from models.progress import Loading
from models.registry import Registry
from zerogpu.duration import seconds
from zerogpu.settings import ZeroGpu, held

log = logging.getLogger(__name__)
R = TypeVar("R")


def ready(models: Registry, **choices: Any) -> Engine:
    """An engine with the models on "cuda" that are to be there from the start."""
    engine = ZeroEngine(models, **choices)
    engine.hold()
    return engine


class ZeroEngine(Engine):
    """Takes requests from any thread and develops several at a time, each on a GPU that is given for it."""

    def __init__(self, models: Registry, *, zerogpu: ZeroGpu, **choices: Any) -> None:
        self._zerogpu, self._held = zerogpu, held(models, zerogpu)
        # In a job's process as many models as fit are on the GPU; host memory is to hold no copies of them.
        super().__init__(models, **choices | {"resident": len(models), "warm_gb": 0.0})
        self._contexts: dict[str, Context] = {}  # of the requests that waiting jobs came with, by job
        self._threads: set[threading.Thread] = set()
        self._process = os.getpid()
        self._call: Callable[[GenerationRequest, PreviewMode], Iterator[Event]] = spaces.GPU(duration=self._seconds)(
            self._on_gpu
        )

    def hold(self) -> None:
        """Put those models there. In the main thread, before the page is launched."""
        self._worker.prepare()
        for spec in self._held:
            log.info("%s is made ready", spec.name)
            self._worker.preload(spec, lambda event: None)

    def start(self) -> None:
        """Nothing works but for a job."""

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Take no job any more, interrupt all, and wait for their steps. False if that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        with self._changed:
            self._closing = True
            threads = tuple(self._threads)
        for job in self.jobs():
            job.cancel()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def submit(
        self,
        request: GenerationRequest,
        *,
        preview: PreviewMode | None = None,
        caller: Caller = Caller(),  # noqa: B008 - frozen
        keep: bool = True,
    ) -> Job:
        """Queue `request` of `caller`, on whose quota of GPU time it goes: to be called in their request's context."""
        if request.model in self.models:
            self._refuse_if_long(request)
        with self._changed:
            job = super().submit(request, preview=preview, caller=caller, keep=keep)
            self._contexts[job.id] = copy_context()
            self._begin()
        return job

    def borrow(self, work: Work[R]) -> Task[R]:
        """There is no device to borrow."""
        raise errors.DarkroomError("On ZeroGPU nothing but pictures is computed.")

    def preload(self, model: str) -> None:
        """What is ready was made so before the page."""

    def _refuse_if_long(self, request: GenerationRequest) -> None:
        needed, most = self._seconds(request, "off"), self._zerogpu.most_seconds
        if needed > most:
            raise errors.InvalidRequest(
                f"This may take {needed} seconds of a GPU. At most {most} are given here; lower the steps, the size or "
                "the count.",
                "steps",
            )

    def _seconds(self, request: GenerationRequest, preview: PreviewMode) -> int:
        """Of a GPU, that `_on_gpu` asks for; with the same arguments."""
        spec, ready = self.models[request.model], request.model in self._worker.on_device()
        return seconds(request, spec, ready, self.pace, self._zerogpu)

    def _on_device(self) -> list[str]:
        """Jobs go in the order they came: none waits for another's model to leave."""
        return list(self.models)

    # Jobs, each in a thread. What is called under the lock takes it.

    def _begin(self) -> None:
        with self._changed:
            while len(self._running) < self._zerogpu.at_once and not self._closing:
                job = self._queue.take(self._on_device(), self.pace.seconds)
                if job is None:
                    return
                job.begins()
                self._running.append(job)
                self._announce()
                context = self._contexts.pop(job.id)
                thread = threading.Thread(target=context.run, args=(self._run, job), daemon=True)
                self._threads.add(thread)
                thread.start()

    def _cancel(self, job: Job) -> None:
        """One that waits for its GPU ends here too: spaces does not come back before it has one."""
        super()._cancel(job)
        with self._changed:
            self._contexts.pop(job.id, None)
            if job in self._running and isinstance(job.latest, Queued):
                self._end(job, Cancelled("queued"))

    def _end(self, job: Job, event: Terminal) -> None:
        with self._changed:
            if not job.done:
                super()._end(job, event)

    def _run(self, job: Job) -> None:
        try:
            end = self._developed(job)
        except errors.Cancelled:
            end = Cancelled(job.phase)
        except Toast as refusal:  # of spaces: no GPU, no quota left, aborted
            kind = errors.NoGpu if isinstance(job.latest, Queued) else errors.GenerationFailed
            end = Failed(f"{refusal.title}: {refusal.message}", True, kind.__name__)
        except errors.DarkroomError as error:
            end = Failed(str(error), True, type(error).__name__)
        except Exception as error:
            log.exception("Job %s failed", job.id)
            end = Failed(errors.BROKE, False, type(error).__name__)
        self._end(job, end)
        with self._changed:
            self._threads.discard(threading.current_thread())
            self._begin()

    def _developed(self, job: Job) -> Terminal:
        storage.download(self.models[job.request.model], job.report)  # no GPU is to wait for the network
        loaded = False
        with closing(self._call(job.request, job.preview)) as told:  # type: ignore[type-var]
            for event in told:
                if isinstance(event, Finished):
                    self.pace.measured(job.request, event.timings, loaded=loaded)
                if isinstance(event, TERMINAL):
                    return event
                loaded = loaded or isinstance(event, Loading)
                job.report(event)
        raise errors.GenerationFailed("The process with the GPU ended without a word. Try again.")

    # In the process with the GPU

    def _on_gpu(self, request: GenerationRequest, preview: PreviewMode) -> Iterator[Event]:
        """What the job tells there, up to its terminal event. Closing it ends the job at its next step."""
        if self._process != os.getpid():
            self._worker.arrive()
            self._process = os.getpid()
        told: SimpleQueue[Event] = SimpleQueue()
        job = Job(request, preview, lambda job: None, listeners=[lambda job, event: told.put(event)])
        working = threading.Thread(target=lambda: job.tell(self._worker.run(job)))
        working.start()
        try:
            event: Event | None = None
            while not isinstance(event, TERMINAL):
                event = told.get()
                yield event
        finally:
            job.cancel()
            working.join()
