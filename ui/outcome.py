"""What a job has come to: as files, as a record of the visit, and as told to programs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from generation.events import Cancelled, Developed, Event, Failed, Finished, Picture, Step
from generation.job import Job
from ui.cache import cached
from ui.frames import data_url
from ui.visit import Run, Shot


def file(picture: Picture, job: Job) -> str:
    """A picture of `job` as a file that the page serves; byte for byte what was made."""
    return cached(picture.png, f"darkroom-{picture.seed}.png", job.caller.owner)


def grown(run: Run, job: Job, event: Event) -> Run:
    """`run` with the pictures that are done by now, and its end if `event` is it."""
    known = {shot.index for shot in run.shots}
    new = tuple(
        Shot(
            picture.index,
            picture.seed,
            picture.width,
            picture.height,
            file(picture, job),
            picture.infotext,
            picture.withheld,
        )
        for picture in job.pictures()
        if picture.index not in known
    )
    run = replace(run, shots=run.shots + new)
    if isinstance(event, Finished):
        told = {name: getattr(event, name) for name in ("timings", "peak_memory_bytes", "device", "notes")}
        return replace(run, ended="finished", **told)
    if isinstance(event, Failed):
        return replace(run, ended="failed", notes=(event.message,))
    return replace(run, ended="cancelled") if isinstance(event, Cancelled) else run


def record(job: Job, event: Event, preview: bool = True) -> dict[str, Any]:
    """`event` for programs: the job's id, its state by the event's name, and what the event says."""
    told: dict[str, Any] = {"job": job.id, "state": type(event).__name__.lower()}
    if isinstance(event, Finished):
        told |= {"request": job.request.model_dump(), "seeds": [picture.seed for picture in event.pictures]}
        told |= {"withheld": [picture.withheld for picture in event.pictures]}
        told |= {"timings": asdict(event.timings), "peak_memory_bytes": event.peak_memory_bytes}
        return told | {"device": event.device, "notes": list(event.notes)}
    if isinstance(event, Developed):
        return told | {"index": event.picture.index, "seed": event.picture.seed, "withheld": event.picture.withheld}
    if isinstance(event, Step):
        told |= asdict(replace(event, frame=None))
        del told["frame"]
        return told | {"preview": data_url(event.frame) if preview and event.frame else None}
    return told | asdict(event)
