"""Where a job stands, in the figures that A1111 tells."""

from __future__ import annotations

from dataclasses import dataclass

from generation.events import Decoding, Queued, Step
from generation.job import Job
from models.progress import Downloading, Loading

BEGUN = 0.01  # of the progress: 0 would say that there is no job


@dataclass(frozen=True)
class Position:
    """Of one job, now."""

    progress: float = BEGUN  # BEGUN to 1
    picture: int = 0  # that are done
    step: int = 0  # of the current one that are done
    seconds_left: float = 0.0  # 0: not known
    waits_for: str | None = None


def position(job: Job) -> Position:
    """Where `job` stands."""
    now = job.latest
    done = len(job.pictures())
    if isinstance(now, Queued):
        return Position(seconds_left=now.wait_seconds or 0.0, waits_for=f"In queue: {now.position} ahead")
    if isinstance(now, Downloading):
        return Position(waits_for=f"Downloading {now.model}")
    if isinstance(now, Loading):
        return Position(waits_for=f"Loading {now.model}")
    if isinstance(now, Step):
        whole = (now.index + now.done / now.total) / job.request.count
        return Position(_shown(whole), done, now.done, now.seconds_left)
    if isinstance(now, Decoding):
        return Position(_shown((now.index + 1) / job.request.count), done, job.request.steps)
    return Position(_shown(done / job.request.count), done)


def _shown(whole: float) -> float:
    return min(1.0, BEGUN + whole)
