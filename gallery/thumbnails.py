"""Small versions of pictures, made when they are first asked for."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image

SIDE = 384  # pixels of the longer side, at most
QUALITY = 80  # of WebP
MOST_PIXELS = 64_000_000  # of what is decoded at all


def webp(content: bytes) -> bytes:
    """The PNG `content`, small. Raises ValueError or OSError for what is none, or too large."""
    with warnings.catch_warnings(), Image.open(BytesIO(content), formats=["PNG"]) as image:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the next line is stricter
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width}x{image.height} is more than is decoded here")
        small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
