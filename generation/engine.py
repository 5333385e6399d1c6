"""Jobs, their queue, and the one thread that owns the device. Making an Engine imports neither torch nor diffusers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import errors
from generation import request as requests
from generation import settings
from generation.caller import Caller
from generation.events import INTERRUPTED, Cancelled, Queued, Step, Terminal
from generation.job import Job, Listener
from generation.pace import Pace
from generation.queue import Queue
from generation.request import GenerationRequest
from generation.standing import Standing, standing
from generation.task import Task, Work
from generation.watchdog import Watchdog
from generation.worker import Worker
from models.device import Device
from models.progress import Downloading, Loading
from models.registry import Registry
from models.storage import State
from safety import prompt
from safety.settings import Safeguard

Admit = Callable[[GenerationRequest, Caller], None]  # raises what the caller is told instead of a job
CLOSE_SECONDS = 60.0  # a hung job is not waited for any longer
R = TypeVar("R")


class Engine:
    """Takes requests from any thread and develops them one after another on its own."""

    def __init__(
        self,
        models: Registry,
        *,
        default_model: str,
        device: str = "auto",
        resident: int = 1,
        warm_gb: float | None = None,
        preview: settings.Preview = settings.Preview(),  # noqa: B008 - frozen
        queue: settings.Queue = settings.Queue(),  # noqa: B008
        limits: settings.Limits = settings.Limits(),  # noqa: B008
        safeguard: Safeguard = Safeguard(),  # noqa: B008
        admit: Admit = lambda request, caller: None,
    ) -> None:
        self.models, self.default_model, self.preview, self.limits = models, default_model, preview, limits
        self._settings, self.resident, self._admit, self.safeguard = queue, resident, admit, safeguard
        self.pace = Pace(models)
        self._worker = Worker(models, device, resident, warm_gb, preview, self.pace, safeguard)
        self._changed = threading.Condition(threading.RLock())  # guards what follows
        self._queue = Queue(queue.overtaken_seconds, resident)
        self._jobs: dict[str, Job] = {}
        self._over: deque[str] = deque()  # ids of jobs that ended, oldest first
        self._running: list[Job] = []  # one at most, on one device
        self._preloads: deque[str] = deque()  # the first may be on its way
        self._tasks: deque[Task[Any]] = deque()  # the first may have begun
        self._listeners: list[Listener] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="darkroom-device", daemon=True)
        self._watchdog = Watchdog(self._thread, queue.watchdog_seconds, lambda: next(iter(self._running), None))

    def start(self) -> None:
        """Begin to work. Returns at once: torch and diffusers are imported behind it."""
        self._thread.start()
        self._watchdog.start()

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Take no job any more, interrupt all, and end the threads: a step, or the loading of a part, at most.

        False if that takes longer than `seconds`: then the thread is still inside torch. Not to be started again.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for job in self.jobs():
            job.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        self._watchdog.stop()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def request(self, asked: Mapping[str, Any]) -> GenerationRequest:
        """The complete request for what was `asked`. Raises InvalidRequest."""
        return requests.complete(asked, self.models, self.default_model, self.limits)

    def listen(self, listener: Listener) -> None:
        """Let `listener` hear everything that jobs tell which are submitted from now on."""
        self._listeners.append(listener)

    def submit(
        self,
        request: GenerationRequest,
        *,
        preview: settings.PreviewMode | None = None,
        caller: Caller = Caller(),  # noqa: B008 - frozen
        keep: bool = True,
    ) -> Job:
        """Queue `request` of `caller`; `preview` None is the deployment's mode, `keep` False saves no picture of it.

        Raises InvalidRequest (RefusedPrompt), QueueFull, ShuttingDown, NotLetIn, or what is refused to this caller.
        """
        caller.check()
        requests.check(request, requests.offered(request.model, self.models), self.limits)
        prompt.check(request.prompt, self.safeguard)
        shown, listeners = preview or self.preview.mode, self._listeners
        job = Job(request, shown, self._cancel, caller=caller, keep=keep, listeners=listeners)
        with self._changed:
            self._refuse_if_full()
            self._admit(request, caller)
            self._jobs[job.id] = job
            self._queue.add(job)
            self._announce()
            self._changed.notify_all()
        return job

    def borrow(self, work: Work[R]) -> Task[R]:
        """Do `work` on the device as soon as no job waits; jobs go before it and wherever it yields."""
        task = Task(work, self._cancel_task)
        with self._changed:
            self._refuse_if_closing()
            self._tasks.append(task)
            self._changed.notify_all()
        return task

    def restore(self, job: Job) -> None:
        """Let whoever asks for `job`, which is over since before this engine was made, find it."""
        with self._changed:
            self._jobs[job.id] = job
            self._keep(job)

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        with self._changed:
            if id not in self._jobs:
                raise errors.UnknownJob("There is no such job, or it is long over. Start a new one.")
            return self._jobs[id]

    def jobs(self) -> tuple[Job, ...]:
        """Running and waiting, in the order they will run."""
        with self._changed:
            waiting = [job for job, _ in self._order()]
            return (*self._running, *waiting)

    def states(self) -> Mapping[str, State]:
        """How far each model is from being usable."""
        return self._worker.states()

    def device(self) -> Device | None:
        """What pictures are computed on; None until that is known."""
        return self._worker.device

    def standing(self) -> Standing:
        """Whether it can develop at the moment, with what on the device, and how much there is to do."""
        return standing(self._closing, self._thread, self._worker, len(self._running), len(self._queue))

    def preload(self, model: str) -> None:
        """Put `model` onto the device as soon as nothing else is to do. Raises ConfigError for one not on offer."""
        if model not in self.models:
            raise errors.ConfigError(f"There is no model {model!r}. Choose from: {', '.join(self.models)}.")
        with self._changed:
            if model not in self._preloads:
                self._preloads.append(model)
            self._changed.notify_all()

    def preloading(self) -> tuple[str, ...]:
        """The models that are still to be put onto the device for jobs to come."""
        with self._changed:
            return tuple(self._preloads)

    # The queue. Everything below is called under the lock or takes it.

    def _refuse_if_closing(self) -> None:
        if self._closing:
            raise errors.ShuttingDown

    def _refuse_if_full(self) -> None:
        self._refuse_if_closing()
        if len(self._queue) >= self._settings.size:
            retry = max(1.0, self._seconds_left() or 10.0)
            raise errors.QueueFull(
                f"{len(self._queue)} jobs wait already, which is all that this queue takes. "
                f"Try again in {retry:.0f} seconds.",
                retry,
            )

    def _order(self) -> list[tuple[Job, float | None]]:
        on_device = self._on_device()
        for model in (job.request.model for job in self._running):
            on_device = [*(name for name in on_device if name != model), model][-self.resident :]
        return self._queue.order(on_device, self.pace.seconds)

    def _announce(self) -> None:
        """Tell every waiting job where it stands, if that has changed."""
        left, ahead = self._seconds_left(), len(self._running)
        for position, (job, wait) in enumerate(self._order(), ahead):
            job.stands(Queued(position, None if wait is None or left is None else left + wait))

    def _seconds_left(self) -> float | None:
        """Until a running job ends; None if unknown."""
        known = [left for job in self._running if (left := self._left(job)) is not None]
        return min(known, default=None) if self._running else 0.0

    def _left(self, job: Job) -> float | None:
        """Seconds of `job`, which runs; None if unknown."""
        if isinstance(job.latest, Step) and job.latest.seconds_per_step:
            return job.latest.seconds_left
        return self.pace.seconds(job.request, job.request.model in self._on_device())

    def _on_device(self) -> list[str]:
        """Models that a job needs not wait for, the one used longest ago first."""
        return self._worker.on_device()

    def _cancel(self, job: Job) -> None:
        """A job that waits ends here; one that runs notices by itself."""
        with self._changed:
            if self._queue.remove(job):
                self._end(job, Cancelled("queued"))

    def _cancel_task(self, task: Task[Any]) -> None:
        """One that has not begun ends here; else the thread that works on it ends it."""
        with self._changed:
            if task in self._tasks and not task.begun:
                self._tasks.remove(task)
                task.fail(errors.Cancelled())
            self._changed.notify_all()

    def _end(self, job: Job, event: Terminal) -> None:
        with self._changed:
            self._running = [one for one in self._running if one is not job]
            job.tell(INTERRUPTED if self._closing and isinstance(event, Cancelled) else event)
            self._keep(job)
            self._announce()

    def _keep(self, job: Job) -> None:
        """A job that is over can be asked for until as many others are."""
        self._over.append(job.id)
        while len(self._over) > self._settings.kept_jobs:
            del self._jobs[self._over.popleft()]

    # The thread that owns the device

    def _work(self) -> None:
        self._worker.prepare()
        while (next_ := self._next()) is not None:
            if isinstance(next_, Job):
                self._end(next_, self._worker.run(next_))
            elif isinstance(next_, Task):
                self._go_on(next_)
            else:
                self._preload(next_)
        for task in tuple(self._tasks):
            task.fail(errors.Cancelled())
        self._worker.stop()

    def _go_on(self, task: Task[Any]) -> None:
        if self._worker.go_on(task):
            with self._changed:
                self._tasks.remove(task)

    def _next(self) -> Job | Task[Any] | str | None:
        """A job, else a model to preload, else a piece of a task; a task to be cancelled before all. None: stop."""
        with self._changed:
            while not self._closing:
                if self._tasks and self._tasks[0].cancelled:
                    return self._tasks[0]  # it has begun, or it would not be here any more
                if job := self._queue.take(self._on_device(), self.pace.seconds):
                    job.begins()
                    self._running.append(job)
                    self._announce()
                    return job
                if self._preloads:
                    return self._preloads[0]
                if self._tasks:
                    self._tasks[0].begun = True
                    return self._tasks[0]
                self._changed.wait()
            return None

    def _preload(self, model: str) -> None:
        self._worker.preload(self.models[model], lambda event: self._on_its_way(model, event))
        with self._changed:
            self._preloads.popleft()

    def _on_its_way(self, model: str, event: Downloading | Loading) -> None:
        """A job that waits for the very model sees how far it is; one for another model stops it."""
        with self._changed:
            first = next((job for job, _ in self._order()), None)
        if self._closing or (first is not None and first.request.model != model):
            raise errors.Cancelled
        if first is not None:
            first.tell(event)
