"""A comparison as it is kept and handed on: run.json. Plain data; whatever shows or exports a run reads this alone."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from comparison.plan import Plan
from generation.request import GenerationRequest
from safety.settings import Kind


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class State(str, Enum):
    """How far a cell is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # `error` says why
    STOPPED = "stopped"  # by somebody, or because Darkroom ended; may be resumed


class Measured(_Data):
    """What one picture took. Seconds; the load is 0 where the model was on the device already."""

    download: float
    load: float
    text: float
    denoise: float
    decode: float
    total: float  # without the time in the queue
    seconds_per_step: float  # median
    peak_memory_bytes: int  # on CUDA allocated there by the model, else the process's resident peak
    parameters: int  # of all that the model loads
    steps: int
    passes: int  # of the net per step and sampler evaluation: 2 with guidance, else 1
    device: str  # "NVIDIA H200, float16"


class Picture(_Data):
    """A finished picture: its file beside run.json, and what tells it from another."""

    file: str  # PNG with its recipe inside
    width: int  # pixels
    height: int
    sha256: str  # of the file's bytes
    pixels_sha256: str  # of width, height and the RGB values alone
    frames: tuple[str, ...] = ()  # files of the film strip, JPEG, in order
    frame_steps: tuple[int, ...] = ()  # the step of each
    withheld: Kind | None = None  # a stand-in, as the safety checker flagged what was made


class Verdict(_Data):
    """How a replayed picture compares with the one that its recipe tells of."""

    same: Literal["bytes", "pixels", "nothing"]  # the whole file; the pixels, in another file; neither
    mean: float | None = None  # absolute difference in 8-bit levels; None: the pixels are the same
    psnr: float | None = None  # dB; None: at the size compared nothing differs
    width: int  # pixels, of the size compared: the picture's, or that of a smaller reference
    height: int
    full: bool  # compared at the picture's own size


class CellRecord(_Data):
    """One cell, at a moment."""

    number: int
    row: int
    model: str
    state: State = State.WAITING
    request: GenerationRequest | None = None  # complete; None: `error` says why there is none
    error: str | None = None
    measured: Measured | None = None
    picture: Picture | None = None
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None  # of a replay; None: not made yet, or the recipe has no picture to compare with
    quality: dict[str, float] = {}  # scores by name ("judge" 0…1, "clip" cosine); empty: none was asked for, or fits


class RunRecord(_Data):
    """A whole run."""

    id: str  # random, 128 bits in hexadecimal: whoever knows it has been given it
    created: float  # seconds since 1970, UTC
    owner: str = ""  # 16 hexadecimal digits that stand for a visitor; empty: everybody
    plan: Plan
    made_with: dict[str, str]  # Darkroom, torch, diffusers, transformers, Python, machine
    titles: dict[str, str]  # of the models
    cells: tuple[CellRecord, ...]  # by number
    replays: bool = False  # a recipe, which is beside run.json as recipe.json
