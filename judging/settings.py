"""This deployment's choices that scores depend on. config.yaml declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from models import storage
from models.spec import Data, Source, check_pinned

CLIP_FILES = ("config.json", "model.safetensors", "vocab.json", "merges.txt")


class Clip(Data):
    """Which CLIP model scores pictures, where somebody asks for it."""

    repo: str  # "owner/name" on the hub, or a folder, with CLIP_FILES in it
    revision: str | None = None  # a commit hash; None for a folder
    download_bytes: Annotated[int, Field(ge=0)] = 0  # of CLIP_FILES, as published

    @property
    def source(self) -> Source:
        """Its files."""
        return Source("CLIP", self.repo, self.revision)

    @property
    def missing_bytes(self) -> int:
        """How much would be downloaded. Asks nobody."""
        return 0 if self.source.local or storage.has(self.source, CLIP_FILES) else self.download_bytes

    @model_validator(mode="after")
    def _pinned(self) -> Clip:
        check_pinned(self.repo, self.revision, "revision")
        return self
