"""What others have published of the big namesakes. Theirs, never ours."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from models.spec import Data

_FILE = Path(__file__).with_name("published.yaml")


class Published(Data):
    """One such figure; published.yaml explains the keys."""

    mirrored: str
    of: str
    what: str
    figure: str
    source: str


@cache
def published() -> tuple[Published, ...]:
    """All of them."""
    found = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Published, ...]).validate_python(tuple(found))
