"""This deployment's choices that the way from request to picture depends on. config.yaml declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.spec import Data

PreviewMode = Literal["linear", "taesd", "vae", "off"]


class Preview(Data):
    """How a developing picture is shown."""

    mode: PreviewMode = "linear"
    per_second: Annotated[float, Field(gt=0, le=30)] = 4.0  # frames shown to a watcher, at most
    side: Annotated[int, Field(ge=16, le=1024)] = 256  # pixels of a frame's longer side, at most


class Queue(Data):
    """How jobs wait for the device."""

    size: Annotated[int, Field(ge=1)] = 100  # waiting jobs; one more is refused
    overtaken_seconds: Annotated[float, Field(ge=0)] = (
        60.0  # longest wait caused by younger jobs: of visitors in turn, or without a model switch
    )
    watchdog_seconds: Annotated[float, Field(gt=0)] = 600.0  # a job silent for that long is reported as hung
    folder: Annotated[str, Field(min_length=1)] | None = None  # notes of jobs under way; None: a restart forgets them
    kept_jobs: Annotated[int, Field(ge=1)] = 64  # finished jobs that can still be attached to


class Limits(Data):
    """What a request may ask for at most, whatever the model."""

    prompt_characters: Annotated[int, Field(ge=1)] = 4000  # of the prompt, and of the negative prompt
    count: Annotated[int, Field(ge=1, le=64)] = 8  # pictures per job
    comparison: Annotated[int, Field(ge=1)] = 200  # pictures per comparison, all models together
