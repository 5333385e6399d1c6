"""One picture with its captions: opened, cut square, scaled; and what is wrong with some, before hours of training."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from errors import ConfigError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SMALLEST = 0.5  # of the training size: what is smaller would be blown up to a blur
NAMED = 3  # so many pictures does a refusal name of each kind


class Broken(Exception):  # noqa: N818 - it says what the picture is
    """Bytes that are no whole picture."""


@dataclass(frozen=True)
class Pair:
    """A picture that is not opened yet, and what is said of it."""

    name: str
    content: bytes | None  # None: in the file at `path`
    path: str
    captions: tuple[str, ...]  # none is empty

    def open(self) -> Image.Image:
        """The whole picture, upright, in RGB, on white where it is transparent. Raises Broken."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                content = Path(self.path).read_bytes() if self.content is None else self.content
                with Image.open(io.BytesIO(content)) as picture:
                    upright = ImageOps.exif_transpose(picture)
                    return _on_white(upright)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombWarning) as error:
            raise Broken(str(error) or type(error).__name__) from error
        except Image.DecompressionBombError as error:
            raise Broken(str(error)) from error


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


@dataclass(frozen=True)
class Square:
    """A picture as training takes it."""

    pixels: Tensor  # (3, side, side) in [-1, 1]
    time_ids: tuple[int, ...]  # height and width of the whole, the crop's top and left once scaled, side, side


def square(picture: Image.Image, side: int) -> Square:
    """The middle of it, scaled with Lanczos' filter, which looks at all pixels it makes one of.

    The six numbers are SDXL's conditions on size and crop (arXiv 2307.01952, section 2.2).
    """
    width, height = picture.size
    ratio = side / min(width, height)
    cut = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(cut)).permute(2, 0, 1).float() / 127.5 - 1
    top, left = (max(0, round((length * ratio - side) / 2)) for length in (height, width))
    return Square(pixels, (height, width, top, left, side, side))


@dataclass
class Faults:
    """What is wrong with a set of pictures, each with the first few names."""

    broken: list[str] = field(default_factory=list)
    speechless: list[str] = field(default_factory=list)  # fewer captions than wanted
    small: list[str] = field(default_factory=list)

    def look(self, pair: Pair, side: int, captions: int) -> None:
        """At one picture."""
        if len(pair.captions) < captions:
            self.speechless.append(f"{pair.name} has {len(pair.captions)}" if captions > 1 else pair.name)
        try:
            width, height = pair.open().size
        except Broken as error:
            self.broken.append(f"{pair.name}: {error}")
        else:
            if min(width, height) < SMALLEST * side:
                self.small.append(f"{pair.name}, {width}×{height}")

    def __str__(self) -> str:
        kinds = (
            (self.broken, "cannot be opened", "Mend them or take them out."),
            (self.speechless, "lack a caption", "Write one for each or take them out."),
            (self.small, "are far too small", "Take them out, or name a smaller --size."),
        )
        return " ".join(f"{_few(names)} {what}. {do}" for names, what, do in kinds if names)


def examine(name: str, pairs: Iterable[Pair], side: int, *, least: int, captions: int = 1) -> int:
    """How many pictures there are. Raises ConfigError if any of them will not do, or they are fewer than `least`."""
    faults, count = Faults(), 0
    for pair in pairs:
        faults.look(pair, side, captions)
        count += 1
    if told := str(faults):
        raise ConfigError(f"--data {name}: of {count} pictures, {told}")
    if count < least:
        raise ConfigError(
            f"--data {name} holds {count} pictures, and a batch is {least}. Name more pictures or a smaller --batch."
        )
    return count


def _few(names: list[str]) -> str:
    return f"{len(names)} ({'; '.join(names[:NAMED])}{'; …' if len(names) > NAMED else ''})"
