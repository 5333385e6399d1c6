"""What the operator decides about what may be made and seen. config.yaml declares it, and no request changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from models import storage
from models.spec import Data, ModelSpec, Source, check_pinned

Policy = Literal["off", "blur", "block"]
Kind = Literal["blocked", "blurred"]  # of what became of a picture that the safety checker flagged


def note(kind: Kind) -> str:
    """What whoever asked for such a picture is told."""
    return f"A picture was {kind}, as the safety checker flagged it. It errs at times: try another prompt or seed."


class Checker(Data):
    """Stable Diffusion's safety checker, as every repo of Stable Diffusion 1 has it."""

    repo: str  # "owner/name" on the hub, or a folder, with safety_checker/ and feature_extractor/ in it
    revision: str | None = None  # a commit hash; None for a folder
    variant: Literal["fp16"] | None = None  # None: the repo's default file names
    download_bytes: Annotated[int, Field(ge=0)] = 0  # of `files`, as published

    @property
    def source(self) -> Source:
        """Its files."""
        return Source("Safety checker", self.repo, self.revision)

    @property
    def files(self) -> tuple[str, ...]:
        """Those that are needed, as paths in the repo; safetensors alone."""
        weights = f"model.{self.variant}.safetensors" if self.variant else "model.safetensors"
        return ("feature_extractor/preprocessor_config.json", "safety_checker/config.json", f"safety_checker/{weights}")

    @property
    def missing_bytes(self) -> int:
        """How much would be downloaded. Asks nobody."""
        return 0 if self.source.local or storage.has(self.source, self.files) else self.download_bytes

    @model_validator(mode="after")
    def _pinned(self) -> Checker:
        check_pinned(self.repo, self.revision, "revision")
        return self


class Safety(Data):
    """The rules of this deployment."""

    policy: Policy | None = None  # None: block where others than this machine can come, else off
    checker: Checker | None = None  # None: there is none, and no model that needs it works unless the policy is off
    contact: str | None = None  # where visitors can report something: a link or an address, shown on the page

    @field_validator("policy", mode="before")
    @classmethod
    def _word(cls, policy: object) -> object:
        return "off" if policy is False else policy  # a bare `off` is YAML's word for false


@dataclass(frozen=True)
class Safeguard:
    """The rules as they hold for one server or command."""

    policy: Policy = "off"
    public: bool = False  # others than this machine can come
    checker: Checker | None = None
    contact: str | None = None

    @classmethod
    def of(cls, safety: Safety, public: bool) -> Safeguard:
        return cls(safety.policy or ("block" if public else "off"), public, safety.checker, safety.contact)

    def examines(self, spec: ModelSpec) -> bool:
        """Whether pictures of the model are looked at before anybody sees them."""
        return self.policy != "off" and not spec.harmless

    def missing_bytes(self, specs: Iterable[ModelSpec]) -> int:
        """How much is downloaded to examine pictures of these models. Asks nobody."""
        return self.checker.missing_bytes if self.checker and any(map(self.examines, specs)) else 0
