"""Small versions of pictures, made when they are first asked for."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from gallery.formats import decoded

SIDE = 384  # pixels of the longer side, at most
QUALITY = 80  # of WebP


def webp(content: bytes) -> bytes:
    """The PNG `content`, small. Raises ValueError or OSError for what is none, or too large."""
    small = decoded(content)
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
