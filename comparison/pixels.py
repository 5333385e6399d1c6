"""What tells one picture from another: its pixels, whatever file they lie in."""

from __future__ import annotations

import hashlib
from io import BytesIO

from PIL import Image


def opened(content: bytes, most: int | None = None) -> Image.Image:
    """The picture in a PNG or WebP, as RGB. Raises OSError or ValueError for none, or one of over `most` pixels."""
    try:
        with Image.open(BytesIO(content), formats=["PNG", "WEBP"]) as image:
            if most is not None and image.width * image.height > most:
                raise ValueError(f"{image.width}x{image.height} is more than {most} pixels.")
            return image.convert("RGB")
    except (SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error


def sha256(image: Image.Image) -> str:
    """Of width, height and the RGB values alone."""
    rgb = image.convert("RGB")
    return hashlib.sha256(f"{rgb.width}x{rgb.height}\n".encode() + rgb.tobytes()).hexdigest()
