"""Which waiting job goes next. Knows jobs by model and caller alone, and no threads: whoever calls holds the lock."""

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
    round: int  # in which it goes: each caller has one job a round
    overtaken: float | None = None  # when a younger job first went before it; None: never


class Queue:
    """Callers take turns, and jobs for a model on the device go first.

    Yet no job is overtaken for longer than `overtaken_seconds`. Callers who are not counted are one.
    """

    def __init__(self, overtaken_seconds: float, resident: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._overtaken_seconds = overtaken_seconds
        self._resident = resident  # models that the device holds at a time
        self._clock = clock
        self._waiting: list[Waiting] = []  # as they go, whatever model is on the device
        self._round = 0  # the latest of which a job went
        self._last: dict[str, int] = {}  # the round of each caller's latest job

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: Job) -> None:
        """Put `job` behind those of its round, and behind whoever was overtaken for long enough."""
        who, now = job.caller.counted_as, self._clock()
        round = max(self._round, self._last.get(who, -1) + 1)
        self._last = {other: last for other, last in self._last.items() if last >= self._round} | {who: round}
        at = len(self._waiting)
        while at and self._waiting[at - 1].round > round and now < self._deadline(self._waiting[at - 1], now):
            at -= 1
        _overtake(self._waiting[at:], now)
        self._waiting.insert(at, Waiting(job, round))

    def remove(self, job: Job) -> bool:
        """Whether `job` was waiting; it is not any more."""
        before = len(self._waiting)
        self._waiting = [waiting for waiting in self._waiting if waiting.job is not job]
        return len(self._waiting) < before

    def take(self, on_device: Sequence[str], cost: Cost) -> Job | None:
        """The next job, which leaves the queue; None if none waits."""
        if not self._waiting:
            return None
        chosen = self._pick(self._waiting, on_device, cost, self._clock())
        self._round = max(self._round, chosen.round)
        return chosen.job

    def order(self, on_device: Sequence[str], cost: Cost) -> list[tuple[Job, float | None]]:
        """The jobs as they will run if no other comes, each with the seconds until it starts; None: unknown.

        `on_device`: names of models, the one used longest ago first.
        """
        waiting = [replace(one) for one in self._waiting]
        models, now, wait = list(on_device), self._clock(), 0.0
        known = True
        result: list[tuple[Job, float | None]] = []
        while waiting:
            job = self._pick(waiting, models, cost, now + wait).job
            result.append((job, wait if known else None))
            seconds = cost(job.request, job.request.model in models)
            known, wait = known and seconds is not None, wait + (seconds or 0.0)
            models = [*(name for name in models if name != job.request.model), job.request.model][-self._resident :]
        return result

    def _pick(self, waiting: list[Waiting], on_device: Sequence[str], cost: Cost, now: float) -> Waiting:
        first = waiting[0]
        deadline = self._deadline(first, now)
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
        _overtake(waiting[:at], now)
        return waiting.pop(at)

    def _deadline(self, waiting: Waiting, now: float) -> float:
        """Until when others may go before it."""
        return (now if waiting.overtaken is None else waiting.overtaken) + self._overtaken_seconds


def _overtake(waiting: Sequence[Waiting], now: float) -> None:
    """Note when a younger job first went before each of `waiting`."""
    for one in waiting:
        one.overtaken = now if one.overtaken is None else one.overtaken
