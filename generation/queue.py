"""Which waiting job goes next. Knows jobs by their model alone, and no threads: whoever calls holds the lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Union

from generation.job import Job
from generation.request import GenerationRequest

# Seconds that a request will take, its model being on the device or not; None: unknown
Cost = Callable[[GenerationRequest, bool], Union[float, None]]  # noqa: UP007 - Python 3.10


@dataclass
class Waiting:
    """A job in the queue."""

    job: Job
    overtaken: float | None = None  # when a younger job first went before it; None: never


class Queue:
    """Jobs for a model on the device go first, yet none is overtaken for longer than `overtaken_seconds`."""

    def __init__(self, overtaken_seconds: float, resident: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._overtaken_seconds = overtaken_seconds
        self._resident = resident  # models that the device holds at a time
        self._clock = clock
        self._waiting: list[Waiting] = []  # oldest first

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: Job) -> None:
        self._waiting.append(Waiting(job))

    def remove(self, job: Job) -> bool:
        """Whether `job` was waiting; it is not any more."""
        before = len(self._waiting)
        self._waiting = [waiting for waiting in self._waiting if waiting.job is not job]
        return len(self._waiting) < before

    def take(self, on_device: Sequence[str], cost: Cost) -> Job | None:
        """The next job, which leaves the queue; None if none waits."""
        if not self._waiting:
            return None
        return self._pick(self._waiting, on_device, cost, self._clock())

    def order(self, on_device: Sequence[str], cost: Cost) -> list[tuple[Job, float | None]]:
        """The jobs as they will run if no other comes, each with the seconds until it starts; None: unknown.

        `on_device`: names of models, the one used longest ago first.
        """
        waiting = [replace(one) for one in self._waiting]
        models, now, wait = list(on_device), self._clock(), 0.0
        known = True
        result: list[tuple[Job, float | None]] = []
        while waiting:
            job = self._pick(waiting, models, cost, now + wait)
            result.append((job, wait if known else None))
            seconds = cost(job.request, job.request.model in models)
            known, wait = known and seconds is not None, wait + (seconds or 0.0)
            models = [*(name for name in models if name != job.request.model), job.request.model][-self._resident :]
        return result

    def _pick(self, waiting: list[Waiting], on_device: Sequence[str], cost: Cost, now: float) -> Job:
        first = waiting[0]
        deadline = (now if first.overtaken is None else first.overtaken) + self._overtaken_seconds
        chosen = next(
            (
                one
                for one in waiting
                if one.job.request.model in on_device
                and (one is first or now + (cost(one.job.request, True) or 0.0) < deadline)
            ),
            first,
        )
        at = waiting.index(chosen)
        for one in waiting[:at]:
            one.overtaken = now if one.overtaken is None else one.overtaken
        return waiting.pop(at).job
