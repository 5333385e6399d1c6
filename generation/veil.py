"""Frames of a picture that nobody may see before it is examined: told beyond recognition, and kept until then."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from PIL import Image

from generation.events import Frame
from generation.preview import jpeg
from safety.veil import SIDE, veiled


class Veil:
    """Over the film strip of one picture."""

    def __init__(self) -> None:
        self._kept: list[Frame] = []

    def over(self, frame: Frame) -> Frame:
        """What may be seen of `frame`."""
        self._kept.append(frame)
        return replace(frame, jpeg=jpeg(veiled(Image.open(BytesIO(frame.jpeg))), SIDE))

    def lifted(self) -> tuple[Frame, ...]:
        """The frames as they are."""
        return tuple(self._kept)
