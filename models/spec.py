"""What is known of a model before anything of it is loaded. Types only: no torch, no diffusers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Number = TypeVar("Number", int, float)

HUB_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
TO_BE_PINNED = "to-be-pinned"  # a revision that nobody has looked up yet; `doctor` warns about it


class Data(BaseModel):
    """Base of everything that config.yaml declares: frozen, strict, and no key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Wrong(ValueError):  # noqa: N818 - reads as what it is wherever it is raised
    """A value is not acceptable: the one `at` these keys below the place where that was noticed."""

    def __init__(self, message: str, *at: int | str) -> None:
        super().__init__(message)
        self.at = at


class Family(str, Enum):
    """The code that a model needs to be built and run; see families.py."""

    SD = "sd"
    SDXL = "sdxl"
    DECIDIFFUSION = "decidiffusion"


class Range(Data, Generic[Number]):
    """An inclusive range and the value to start from."""

    low: Number
    high: Number
    default: Number

    @model_validator(mode="after")
    def _ordered(self) -> Range[Number]:
        if not self.low <= self.default <= self.high:
            raise Wrong(f"{self.default} must lie between low {self.low} and high {self.high}", "default")
        return self


@dataclass(frozen=True)
class Source:
    """Where files come from, and what to call them towards the user."""

    name: str
    repo: str  # "owner/name" on the hub, or a folder
    revision: str | None  # a commit hash; None for a folder

    @property
    def local(self) -> bool:
        """Whether `repo` is a folder rather than a hub repo."""
        return not HUB_REPO.fullmatch(self.repo)


class LatentSpace(Data):
    """What the preview must know of the space that a VAE maps pictures into."""

    channels: Annotated[int, Field(ge=1)]
    scale: Annotated[int, Field(ge=1)]  # pixels per latent, along each side
    # (channels, 3): latents as the pipeline holds them → a pixel of RGB in [-1, 1] for each
    rgb: tuple[tuple[float, float, float], ...] = ()
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    colours: Annotated[str, Field(min_length=1)] | None = None  # instead of `rgb`: file of a small net that tells them
    taesd: str | None = None  # hub repo or folder of the AutoencoderTiny for this space, as `ModelSpec.repo`
    taesd_revision: str | None = None  # a commit

    @property
    def tiny_decoder(self) -> Source | None:
        """The AutoencoderTiny's files; None: there is none for this space."""
        return None if self.taesd is None else Source("TAESD", self.taesd, self.taesd_revision)

    @model_validator(mode="after")
    def _shapes_agree(self) -> LatentSpace:
        if self.colours is None and len(self.rgb) != self.channels:
            raise Wrong(f"it must be {self.channels} rows, one for each channel", "rgb")
        if self.colours is not None and self.rgb:
            raise Wrong("it stands beside rgb; name one of the two", "colours")
        if self.taesd is not None:
            check_pinned(self.taesd, self.taesd_revision, "taesd_revision")
        return self


class Licence(Data):
    """Under which terms the weights may be used."""

    name: str
    url: str
    restrictions: str | None = None  # use restrictions that whoever offers the model must pass on; None: none


class Size(Data):
    """A picture's sides in pixels."""

    width: Annotated[int, Field(ge=8)]
    height: Annotated[int, Field(ge=8)]


class Elsewhere(Data):
    """Where a component comes from that is not taken from the model's own repo."""

    repo: str  # as `ModelSpec.repo`
    revision: str | None = None  # a commit hash; None for a folder
    folder: Annotated[str, Field(min_length=1)] | None = None  # in the repo, "." its top; None: the component's name

    @model_validator(mode="after")
    def _pinned(self) -> Elsewhere:
        check_pinned(self.repo, self.revision, "revision")
        return self


class ModelSpec(Data):
    """One model: an entry of config.yaml, and all that the app ever asks about it before loading."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    title: str
    family: Family
    repo: str  # "owner/name" on the hub, or a folder ("./…" is relative to config.yaml)
    revision: str | None = None  # a commit hash; None for a folder
    variant: Literal["fp16"] | None = None  # None: the repo's default file names
    components: dict[str, Elsewhere] = Field(default_factory=dict)  # those that come from elsewhere, by name
    latent_space: LatentSpace
    size: Size  # native
    sizes: tuple[Size, ...]  # presets, the native one first
    size_multiple: Annotated[int, Field(ge=1)]  # pixels
    max_pixels: Annotated[int, Field(ge=64)]  # width × height at most
    steps: Range[int]
    guidance_scale: Range[float] | None  # None: the model takes none
    guidance: Literal["classifier-free", "distilled"] = "classifier-free"  # distilled: its U-Net takes the scale itself
    guidance_rescale: Annotated[float, Field(ge=0, le=1)] = 0.0
    negative_prompt: str = ""  # its default
    sampler: str = "Default"  # one of generation/samplers.py; "Default" is the repo's own scheduler
    samplers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None  # that it draws with; None: with all
    harmless: bool = False  # can draw nothing that anybody might have to be spared: its pictures need no examining
    parameters: Annotated[int, Field(ge=1)]  # all components that are loaded
    download_bytes: Annotated[int, Field(ge=0)]  # of what is needed, as published; 0: ships with the clone
    vocabulary: bool = False  # knows only the words of its tokenizer: the page says which ones it knew
    licence: Licence
    good_at: str
    bad_at: str
    examples: tuple[str, ...]  # prompts, one click each

    @property
    def source(self) -> Source:
        """Its files, but for those of `components`."""
        return Source(self.name, self.repo, self.revision)

    def source_of(self, component: str) -> Source:
        """The files of that component."""
        other = self.components.get(component)
        return Source(self.name, other.repo, other.revision) if other else self.source

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that it takes files from, each once, its own first."""
        return tuple(dict.fromkeys((self.source, *map(self.source_of, self.components))))

    @property
    def local(self) -> bool:
        """Whether `repo` is a folder rather than a hub repo."""
        return self.source.local

    @property
    def takes_negative_prompt(self) -> bool:
        """Whether it can have the second pass of classifier-free guidance, which is where a negative prompt goes."""
        return self.guidance == "classifier-free"

    @field_validator("sizes")
    @classmethod
    def _some(cls, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
        if not sizes:
            raise ValueError("at least one size, the native one")
        return sizes

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        if self.sizes[0] != self.size:
            raise Wrong("the first one must be the native size", "sizes")
        for index, size in enumerate(self.sizes):
            sides = (size.width, size.height)
            if any(side % self.size_multiple for side in sides) or size.width * size.height > self.max_pixels:
                raise Wrong(f"{size.width}x{size.height} breaks size_multiple or max_pixels", "sizes", index)
        if self.guidance == "distilled" and self.guidance_scale is None:
            raise Wrong("it is distilled, so there must be a guidance_scale", "guidance")
        if self.guidance == "distilled" and self.guidance_rescale:
            raise Wrong("it needs the second pass of classifier-free guidance", "guidance_rescale")
        if self.negative_prompt and not self.takes_negative_prompt:
            raise Wrong("it needs the second pass of classifier-free guidance", "negative_prompt")
        if self.samplers is not None and self.sampler not in self.samplers:
            raise Wrong(f"the default, {self.sampler!r}, must be one of them", "samplers")
        check_pinned(self.repo, self.revision, "revision")
        return self


def check_pinned(repo: str, revision: str | None, key: str) -> None:
    """A hub repo is named with a commit, so that what runs tomorrow is what was looked at today."""
    if not HUB_REPO.fullmatch(repo) or revision == TO_BE_PINNED or re.fullmatch(r"[0-9a-f]{40}", revision or ""):
        return
    raise Wrong(
        f"it is {revision!r}, but a hub repo needs a commit hash of 40 hex digits, "
        f"or {TO_BE_PINNED} until somebody has looked it up",
        key,
    )
