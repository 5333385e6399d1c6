"""What tells one picture from another: its pixels, whatever file they lie in."""

from __future__ import annotations

import hashlib
from io import BytesIO

from PIL import Image


def opened(content: bytes) -> Image.Image:
    """The picture in a PNG or WebP, as RGB. Raises OSError or ValueError for what is none."""
    with Image.open(BytesIO(content), formats=["PNG", "WEBP"]) as image:
        return image.convert("RGB")


def sha256(image: Image.Image) -> str:
    """Of width, height and the RGB values alone."""
    rgb = image.convert("RGB")
    return hashlib.sha256(f"{rgb.width}x{rgb.height}\n".encode() + rgb.tobytes()).hexdigest()
