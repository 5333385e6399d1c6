"""A saved picture in another format, with what it says of itself: its recipe as EXIF, and as XMP that a model made it.

The recipe is where A1111 and its relatives look for it: the UserComment of the EXIF part, as UTF-16 in the byte order
of the whole, of the type UNDEFINED (EXIF 2.32, 4.6.5).
"""

from __future__ import annotations

import json
import struct
import warnings
from datetime import datetime, timezone
from io import BytesIO

from PIL import Image

from gallery.entry import Entry
from generation import infotext, mark
from recipes import png

MOST_PIXELS = 64_000_000  # of what is decoded at all
MOST_EXIF = 65_533  # bytes that a JPEG has room for
_OPTIONS = {"jpg": {"format": "JPEG", "quality": 95, "subsampling": 0}, "webp": {"format": "WEBP", "quality": 92}}
KINDS = tuple(_OPTIONS)  # by their file names' endings
_USER_COMMENT, _EXIF, _UNDEFINED, _LONG = 0x9286, 0x8769, 7, 4


def converted(content: bytes, kind: str, quality: int | None = None) -> bytes:
    """The PNG `content` as one of KINDS, in a quality of 0 to 100; None: in one that nobody sees a loss at.

    Raises ValueError or OSError for what is none, or too large.
    """
    recipe = b"Exif\0\0" + exif(png.read(content).texts.get(infotext.CHUNK, ""))
    if kind == "jpg" and len(recipe) > MOST_EXIF:
        raise ValueError("its recipe is too long for a JPEG; take PNG or WebP")
    buffer = BytesIO()
    options = _OPTIONS[kind] | ({} if quality is None else {"quality": quality})
    decoded(content).save(buffer, **options, exif=recipe, xmp=mark.XMP.encode())  # type: ignore[arg-type]
    return buffer.getvalue()


def decoded(content: bytes) -> Image.Image:
    """The pixels of the PNG `content`. Raises ValueError or OSError for what is none, or too large."""
    with warnings.catch_warnings(), Image.open(BytesIO(content), formats=["PNG"]) as image:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the next line is stricter
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width}x{image.height} is more than is decoded here")
        return image.convert("RGB")


def exif(text: str) -> bytes:
    """EXIF that holds `text` alone. Pillow would give it the type BYTE, which piexif, and so A1111, cannot read."""
    comment = b"UNICODE\0" + text.encode("utf-16-be", errors="replace")
    head, directory = struct.calcsize(">2sHL"), struct.calcsize(">HHHLLL")
    first = struct.pack(">HHHLLL", 1, _EXIF, _LONG, 1, head + directory, 0)
    second = struct.pack(">HHHLLL", 1, _USER_COMMENT, _UNDEFINED, len(comment), head + 2 * directory, 0)
    return struct.pack(">2sHL", b"MM", 42, head) + first + second + comment


def recipe(entry: Entry) -> bytes:
    """How a picture was made, as JSON; `settings` are what the endpoint /generate takes."""
    fields = ("prompt", "negative_prompt", "model", "steps", "guidance_scale", "width", "height", "seed", "sampler")
    settings = {field: value for field in fields if (value := getattr(entry, field)) is not None}
    made = datetime.fromtimestamp(entry.name.created / 1e6, timezone.utc)
    said = {
        "made": made.isoformat(timespec="seconds"),
        "settings": settings,
        "parameters": entry.parameters,
        "starred": entry.starred,
        "tags": entry.tags,
        "digital_source_type": mark.SOURCE,
    }
    return json.dumps(said, ensure_ascii=False, indent=2).encode()
