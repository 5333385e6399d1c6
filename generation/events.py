"""What a job tells while it runs: plain, frozen data that any door, thread or machine can read.

Order: Queued* → (Downloading | Loading)* → Encoding → (Step* → Decoding → Developed) per picture → exactly one of
Finished | Failed | Cancelled. A watcher that is slow gets only the newest of several Queued, Downloading, Loading or
Step in a row, and never misses anything else. Silent may come anywhere while the job has the device.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

from generation.request import GenerationRequest
from models.progress import Downloading, Loading
from safety.settings import Kind


@dataclass(frozen=True)
class Queued:
    """Waiting for the device."""

    position: int  # jobs ahead, the running one included; 0: next
    wait_seconds: float | None  # an estimate; None while nothing was measured yet


@dataclass(frozen=True)
class Encoding:
    """The text encoders read the prompts, once for all pictures; `index` is that of the first."""

    index: int


@dataclass(frozen=True)
class Frame:
    """The predicted final picture after `step` steps, as a small JPEG."""

    index: int  # which of the request's pictures
    step: int  # 1…steps
    jpeg: bytes


@dataclass(frozen=True)
class Step:
    """`done` of `total` denoising steps of picture `index` are done; 0 as soon as they begin."""

    index: int
    done: int
    total: int
    seconds_per_step: float  # of this run so far; before its first step, as measured before; 0: nothing known
    seconds_left: float  # of the whole job's denoising
    frame: Frame | None = None  # newest one; may lag a step behind `done`


@dataclass(frozen=True)
class Decoding:
    """The VAE turns the latents of picture `index` into pixels."""

    index: int


@dataclass(frozen=True)
class Picture:
    """A finished picture with all that is needed to make it again."""

    index: int
    seed: int  # this picture's own
    width: int  # pixels
    height: int
    png: bytes  # with `infotext` inside, as other tools read it
    infotext: str
    withheld: Kind | None = None  # what became of it by the safety policy: `png` is its stand-in. None: shown as made


@dataclass(frozen=True)
class Developed:
    """One of the request's pictures is done."""

    picture: Picture
    frames: tuple[Frame, ...] = ()  # its film strip, where so far it was told only beyond recognition


@dataclass(frozen=True)
class Timings:
    """Where a job's time went, in seconds, all pictures together."""

    download: float = 0.0  # of the model and of what else came from the hub for it
    load: float = 0.0
    text: float = 0.0
    denoise: float = 0.0
    decode: float = 0.0
    total: float = 0.0  # from the job's start on the device, not from when it was queued
    seconds_per_step: float = 0.0  # median


@dataclass(frozen=True)
class Silent:
    """The job has told nothing for so long that it may hang. Nothing is done about it; it may yet go on."""

    seconds: float


@dataclass(frozen=True)
class Finished:
    """The job is done."""

    request: GenerationRequest
    pictures: tuple[Picture, ...]
    timings: Timings
    peak_memory_bytes: int  # on CUDA allocated there by this model, else the process's resident peak
    device: str  # "NVIDIA H200, float16", "CPU, bfloat16"
    notes: tuple[str, ...] = field(default=())  # what the user should know: words not known, dropped, …


@dataclass(frozen=True)
class Failed:
    """The job ended in an error. `expected` tells a message for the user from a fault of ours."""

    message: str
    expected: bool
    kind: str  # the error's class, e.g. "OutOfMemory"


INTERRUPTED = Failed(
    "Darkroom was stopped before this was done. Pictures that were finished are in the gallery, where there is one. "
    "Develop it again for the others.",
    expected=True,
    kind="Interrupted",
)


@dataclass(frozen=True)
class Cancelled:
    """The job was cancelled, in this phase."""

    phase: str  # "queued", "downloading", "loading", "encoding", "denoising", "decoding"


Terminal = Union[Finished, Failed, Cancelled]  # noqa: UP007 - isinstance and aliases on Python 3.10
Event = Union[Queued, Downloading, Loading, Encoding, Step, Decoding, Developed, Silent, Terminal]  # noqa: UP007
TERMINAL = (Finished, Failed, Cancelled)
