"""One picture of the gallery: its name on the disk, and what the index knows of it, nearly all of it from the file."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Any

from generation import infotext
from recipes import png

_NAME = re.compile(r"(?P<stamp>[0-9]{8}-[0-9]{6}-[0-9]{6})-(?P<id>[0-9a-f]{32})(?:-(?P<owner>[0-9a-f]{16}))?\.png")
_STAMP = "%Y%m%d-%H%M%S-%f"
_INTEGER = 2**63  # what SQLite's integers end before


@dataclass(frozen=True)
class Name:
    """What a file's name says, so that no index is needed to know it."""

    id: str  # random, 128 bits: whoever knows it has been given it
    created: int  # microseconds since 1970, UTC
    owner: str = ""  # 16 hexadecimal digits that stand for a visitor; empty: everybody

    @classmethod
    def new(cls, owner: str = "") -> Name:
        return cls(secrets.token_hex(16), time.time_ns() // 1000, owner)

    @classmethod
    def of(cls, file: str) -> Name | None:
        """None for a file that is none of ours."""
        match = _NAME.fullmatch(file)
        if match is None:
            return None
        try:
            moment = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=timezone.utc)
        except ValueError:
            return None
        return cls(match["id"], int(moment.timestamp()) * 1_000_000 + moment.microsecond, match["owner"] or "")

    @property
    def file(self) -> str:
        owner = f"-{self.owner}" if self.owner else ""
        return f"{self._moment:{_STAMP}}-{self.id}{owner}.png"

    @property
    def path(self) -> PurePosixPath:
        """Where it lies below the folder of pictures: in a folder for its day."""
        return PurePosixPath(f"{self._moment:%Y-%m-%d}", self.file)

    @property
    def _moment(self) -> datetime:
        whole, rest = divmod(self.created, 1_000_000)
        return datetime.fromtimestamp(whole, timezone.utc).replace(microsecond=rest)


@dataclass(frozen=True)
class Entry:
    """A picture as the index lists it. What its recipe does not say is None."""

    name: Name
    width: int  # pixels
    height: int
    prompt: str = ""
    negative_prompt: str = ""
    model: str | None = None
    sampler: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    parameters: str = ""  # the whole text
    starred: bool = False  # this and what follows are not in the file, see marks.py
    tags: tuple[str, ...] = ()


def described(name: Name, content: bytes) -> Entry:
    """The entry for a PNG. Raises png.Damaged for what is none, or not whole."""
    picture = png.read(content)
    text = picture.texts.get(infotext.CHUNK, "")
    said = infotext.read(text)
    return Entry(
        name,
        picture.width,
        picture.height,
        prompt=_text(said.get("prompt")) or "",
        negative_prompt=_text(said.get("negative_prompt")) or "",
        model=_text(said.get("model")),
        sampler=_text(said.get("sampler")),
        steps=_whole(said.get("steps")),
        guidance_scale=_real(said.get("guidance_scale")),
        seed=_whole(said.get("seed")),
        parameters=text,
    )


def _text(value: Any) -> str | None:
    return value.encode(errors="replace").decode() if isinstance(value, str) else None  # no lone surrogates


def _whole(value: Any) -> int | None:
    return value if type(value) is int and -_INTEGER <= value < _INTEGER else None


def _real(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and abs(value) < 1e9 else None  # false for NaN too
