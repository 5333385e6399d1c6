"""Figures that others have published, for comparison. Theirs, never ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from models.spec import Data

_FILE = Path(__file__).with_name("published.yaml")


class Published(Data):
    """One such figure; published.yaml explains the keys."""

    model: str
    net: str | None = None
    hardware: str
    software: str
    width: int
    height: int
    steps: int | None = None
    batch: int = 1
    seconds: float | None = None
    per_second: float | None = None
    peak_gb: float | None = None
    source: str

    @property
    def seconds_per_step(self) -> float | None:
        """As they say it, else from a whole picture: then text and decoding are in it."""
        if self.per_second is not None:
            return 1 / self.per_second
        return self.seconds / self.steps if self.seconds is not None and self.steps else None


@cache
def published() -> tuple[Published, ...]:
    """All of them."""
    found = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Published, ...]).validate_python(tuple(found))


def about(models: Sequence[str]) -> list[Published]:
    """Those of `models`, in that order."""
    return [one for name in models for one in published() if one.model == name]
