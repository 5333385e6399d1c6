"""The film strip of a picture as one moving picture, with the mark that says that a model made it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Literal

from PIL import Image

from generation import mark
from generation.events import Frame

SIDE = 256  # pixels of the longer side
STEP_MS, LAST_MS = 120, 1500  # how long a step is shown, and the last one


def encoded(frames: Sequence[Frame], kind: Literal["webp", "gif"]) -> bytes:
    """`frames` of one picture, in order, as an animated WebP or GIF that runs for ever."""
    pictures = [_sized(Image.open(BytesIO(frame.jpeg))) for frame in frames]
    first, *rest = pictures
    buffer = BytesIO()
    times = [*[STEP_MS] * len(rest), LAST_MS]
    webp = {"method": 2, "quality": 80, "xmp": mark.XMP.encode()}
    more = webp if kind == "webp" else {"comment": mark.SOURCE.encode()}  # Pillow writes no XMP into a GIF
    first.save(buffer, kind.upper(), save_all=True, append_images=rest, duration=times, loop=0, **more)
    return buffer.getvalue()


def _sized(image: Image.Image) -> Image.Image:
    scale = SIDE / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
