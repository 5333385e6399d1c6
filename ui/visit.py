"""What a visitor has made since the page was opened: plain records that the page keeps in its session."""

from __future__ import annotations

from dataclasses import dataclass

from generation.events import Timings
from generation.request import GenerationRequest
from safety.settings import Kind

KEPT = 48  # runs in a visit's history; older ones drop out of the strip


@dataclass(frozen=True)
class Shot:
    """One finished picture, as a file that the page may serve."""

    index: int
    seed: int
    width: int  # pixels
    height: int
    path: str
    infotext: str = ""  # inside the file, as other tools read it
    withheld: Kind | None = None  # a stand-in, as the safety checker flagged what was made


@dataclass(frozen=True)
class Run:
    """One job of this visit, as far as it got."""

    job: str
    request: GenerationRequest
    shots: tuple[Shot, ...] = ()
    ended: str = ""  # "finished", "failed", "cancelled"; empty while it goes on
    timings: Timings | None = None  # of a finished run, as are the three below
    peak_memory_bytes: int = 0
    device: str = ""
    notes: tuple[str, ...] = ()


Visit = tuple[Run, ...]  # newest first


def with_run(visit: Visit, run: Run) -> Visit:
    """`visit` with `run` as its newest, in place of what was known of that job before."""
    return (run, *(other for other in visit if other.job != run.job))[:KEPT]


def find(visit: Visit, job: str) -> Run | None:
    """The run of that job id; None when it is not of this visit."""
    return next((run for run in visit if run.job == job), None)
