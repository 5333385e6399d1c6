"""Pictures as an assistant is handed them: no larger than its context takes, still with recipe and mark inside."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

from mcp.types import ImageContent
from PIL import Image

from gallery.formats import decoded, exif
from generation import mark
from generation.events import Picture

MOST_BYTES = 700_000  # of all pictures of an answer; base64 adds a third, and some clients take a megabyte
SMALLER, LEAST_SIDE = 0.8, 64  # the next try's sides, and pixels of the longer one below which there is none


def content(picture: Picture, most_bytes: int) -> ImageContent:
    """`picture` as it is, or as JPEG and as small as `most_bytes` wants it."""
    data, kind = (picture.png, "png") if len(picture.png) <= most_bytes else (smaller(picture, most_bytes), "jpeg")
    return ImageContent(type="image", data=b64encode(data).decode(), mimeType=f"image/{kind}")


def smaller(picture: Picture, most_bytes: int) -> bytes:
    """A JPEG of at most that many bytes, or of the least size."""
    image = decoded(picture.png)
    recipe = b"Exif\0\0" + exif(picture.infotext)
    inside = {"xmp": mark.XMP.encode(), **({"exif": recipe} if len(recipe) < most_bytes // 4 else {})}
    while True:
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=88, **inside)
        if buffer.tell() <= most_bytes or max(image.size) * SMALLER < LEAST_SIDE:
            return buffer.getvalue()
        sides = (max(1, round(side * SMALLER)) for side in image.size)
        image = image.resize((next(sides), next(sides)), Image.Resampling.LANCZOS)
