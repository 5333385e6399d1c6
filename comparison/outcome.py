"""What came of a cell's job: the picture, its film strip, and what it took."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from comparison import pixels, quality
from comparison.record import Measured, Picture, State
from generation.events import Finished
from generation.job import Job
from generation.pace import passes
from models.spec import ModelSpec


@dataclass(frozen=True)
class Outcome:
    """What the cell's record says from now on, and the files that it names."""

    changes: dict[str, Any]
    files: dict[str, bytes]


def outcome(number: int, job: Job, finished: Finished, loaded: bool, spec: ModelSpec) -> Outcome:
    """Of the cell's `job`, which put its model onto the device if it was `loaded`."""
    (picture,) = finished.pictures
    image, frames = pixels.opened(picture.png), {frame.step: frame.jpeg for frame in job.frames()}
    strip = {f"{number:04}-{step:04}.jpg": jpeg for step, jpeg in frames.items()}
    kept = Picture(
        file=f"{number:04}.png",
        width=picture.width,
        height=picture.height,
        sha256=hashlib.sha256(picture.png).hexdigest(),
        pixels_sha256=pixels.sha256(image),
        frames=tuple(strip),
        frame_steps=tuple(frames),
        withheld=picture.withheld,
    )
    changes: dict[str, Any] = {
        "state": State.DONE,
        "error": None,
        "measured": measured(finished, loaded, spec),
        "picture": kept,
        "notes": finished.notes,
        "quality": {} if picture.withheld else quality.at_once(finished.request.prompt, image),
    }
    return Outcome(changes, {**strip, kept.file: picture.png})


def measured(finished: Finished, loaded: bool, spec: ModelSpec) -> Measured:
    times = finished.timings
    return Measured(
        download=times.download,
        load=times.load if loaded else 0.0,
        text=times.text,
        denoise=times.denoise,
        decode=times.decode,
        total=times.total,
        seconds_per_step=times.seconds_per_step,
        peak_memory_bytes=finished.peak_memory_bytes,
        parameters=spec.parameters,
        steps=finished.request.steps,
        passes=passes(finished.request, spec),
        device=finished.device,
    )
