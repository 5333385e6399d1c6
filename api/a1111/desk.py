"""What this door knows of its callers: their jobs under way, and the model that each has chosen."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from errors import InvalidRequest
from generation.caller import Caller
from generation.events import Queued
from generation.job import Job
from studio import Studio
from visitors.asking import NOBODY, found_by
from visitors.owner import passing

MOST_CHOICES = 1000  # callers whose choice of a model is remembered; the one longest ago is forgotten
MOST_OVER = 64  # tasks that are known to be over


@dataclass(eq=False)
class Task:
    """One request for pictures."""

    id: str  # as its client calls it
    job: Job
    skipped: bool = False
    interrupted: bool = False

    @property
    def waits(self) -> bool:
        return isinstance(self.job.latest, Queued)


class Desk:
    """For one server. All of it is used from the event loop alone."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.engine = studio, studio.engine
        self._tasks: list[Task] = []  # oldest first
        self._over: deque[tuple[str, str]] = deque(maxlen=MOST_OVER)  # owner and id
        self._chosen: OrderedDict[str, str] = OrderedDict()  # by owner

    @contextmanager
    def under_way(self, job: Job, id: str | None) -> Iterator[Task]:
        """The task that `job` is, known to its caller by `id` until the end of the block."""
        task = Task(id or job.id, job)
        self._tasks.append(task)
        try:
            yield task
        finally:
            self._tasks.remove(task)
            self._over.append((job.caller.owner, task.id))

    def tasks(self, caller: Caller) -> list[Task]:
        """Those that `caller` may see and end, oldest first: their own, or all where nobody has their own."""
        whose = found_by(caller, self.studio.private)
        return [task for task in self._tasks if whose in (None, task.job.caller.owner)]

    def task(self, caller: Caller, id: str | None = None) -> Task | None:
        """The one of that id; without one the one that has the device, else the newest."""
        found = [task for task in self.tasks(caller) if id in (None, task.id)]
        return next((task for task in found if not task.waits), found[-1] if found else None)

    def is_over(self, caller: Caller, id: str) -> bool:
        """Whether a task of that id came to its end a while ago."""
        return (caller.owner, id) in self._over

    def model(self, caller: Caller) -> str:
        """What a request of `caller` gets that names none."""
        return self._chosen.get(caller.owner, self.engine.default_model)

    def remembers(self, caller: Caller) -> bool:
        """Whether `caller` will be known again."""
        return not (self.studio.private and passing(caller.owner or NOBODY))

    def choose(self, caller: Caller, model: str) -> None:
        """From now on requests of `caller` that name no model get this one; no others do.

        Raises InvalidRequest for somebody who comes back as nobody that is known.
        """
        if not self.remembers(caller):
            if model == self.model(caller):
                return  # as it is: clients send back what they read
            raise InvalidRequest(
                "Model is chosen for later requests, but who asks is not known again without an account. "
                "Name it in the override_settings of each request.",
                "model",
            )
        self._chosen[caller.owner] = model
        self._chosen.move_to_end(caller.owner)
        while len(self._chosen) > MOST_CHOICES:
            self._chosen.popitem(last=False)

    @property
    def operated(self) -> bool:
        """Whether callers may do what is the operator's: where nobody else can come."""
        return not self.studio.public
