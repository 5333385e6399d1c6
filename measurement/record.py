"""A benchmark as it is kept and handed on: plain data. docs/benchmark.schema.json is made from this file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from generation.settings import Preview, PreviewMode
from measurement.plan import Plan


class _Data(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Spread(_Data):
    """What several runs measured."""

    median: float
    least: float
    most: float
    values: Annotated[tuple[float, ...], Field(min_length=1)]
    """Each run's, in the order of the runs."""

    @staticmethod
    def of(values: Sequence[float]) -> Spread | None:
        """None where nothing was measured."""
        if not values:
            return None
        return Spread(median=statistics.median(values), least=min(values), most=max(values), values=tuple(values))

    @property
    def count(self) -> int:
        return len(self.values)

    def overlaps(self, other: Spread) -> bool:
        """Whether the two differ by no more than their runs did among themselves."""
        return self.least <= other.most and other.least <= self.most


class Machine(_Data):
    """What it was measured on."""

    fingerprint: str
    """Of the hardware alone: equal means comparable, whatever the versions."""
    system: str
    cpu: str
    cpus: int
    """Processors that the process may use."""
    memory_bytes: int
    """Of the host, or what its container may use."""
    gpu: str | None = None
    gpu_memory_bytes: int | None = None
    driver: str | None = None
    """Of the GPU."""
    cuda: str | None = None
    """That torch was built for."""
    python: str
    torch: str
    diffusers: str
    transformers: str
    threads: int
    """That torch computes with on the CPU."""
    darkroom: str | None = None
    """The commit, with a + where files were changed; null: not known."""


class Batch(_Data):
    """Several pictures in one call of the net."""

    size: int
    pictures_per_minute: Spread
    peak_memory_bytes: int


class PreviewCost(_Data):
    """What a way of previewing adds to a picture's time."""

    mode: PreviewMode
    overhead: Spread
    """Of each round: its seconds over those without previews in the same round, less 1."""
    frames: int
    """Shown during a picture (median)."""


class Note(_Data):
    """What must be known to read a model's figures; NOTES in measurement/words.py says it in words."""

    code: Literal["random", "on_cpu", "cache", "not_warm", "no_taesd", "batch_memory"]
    detail: str = ""


class ModelResult(_Data):
    """What one model took. Seconds, unless the name says otherwise; null: not measured, and `notes` say why."""

    model: str
    title: str
    weights: Literal["trained", "random"]
    """random: the exact architecture filled with noise. Times hold; pictures are noise."""
    parameters: int
    width: int
    height: int
    steps: int
    guidance_scale: float | None
    sampler: str
    at_defaults: bool
    """Size and steps are the model's own."""
    device: str = ""
    dtype: str = ""
    attention: str = ""
    """How the U-Net computes attention."""
    cold_load: Spread | None = None
    """From the disk, with nothing of it in memory."""
    read_from_disk: Spread | None = None
    """Share of the model's files that the storage had to deliver for it; the rest came from the OS's file cache."""
    warm_load: Spread | None = None
    """From host memory onto the device. On a CPU that is the same memory."""
    warm_up: float | None = None
    """The first picture, of two steps; not in any other figure."""
    first_preview: Spread | None = None
    """From the start of a picture, the model on the device, to its first preview."""
    seconds_per_step: Spread | None = None
    """Each run's median, without previews."""
    picture: Spread | None = None
    """A whole picture, as PNG, with the deployment's previews."""
    peak_memory_bytes: Spread | None = None
    """Of such pictures: on CUDA allocated there, else resident of the whole process."""
    batches: tuple[Batch, ...] = ()
    previews: tuple[PreviewCost, ...] = ()
    notes: tuple[Note, ...] = ()
    error: str | None = None
    """Why the measuring ended early."""


class Record(_Data):
    """A whole benchmark."""

    format: Literal["darkroom-benchmark/1"] = "darkroom-benchmark/1"
    id: str
    """Random, hexadecimal."""
    started: str
    """ISO 8601, UTC."""
    seconds: float
    """All of it, from the first load."""
    complete: bool
    """False: it was stopped, and this is what was measured until then."""
    busy: float | None = None
    """Load average for each processor before it began; above 0.5 other programs took part. null: the OS has none."""
    machine: Machine
    plan: Plan
    preview: Preview
    """The deployment's."""
    models: tuple[ModelResult, ...]


def schema() -> dict[str, Any]:
    """Of the JSON that is exported and kept, as in docs/benchmark.schema.json."""
    return Record.model_json_schema(mode="serialization")
