"""The files of a run, as far as they are there and whole."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

from PIL import Image

from comparison.record import CellRecord
from errors import DarkroomError
from generation import mark

Read = Callable[[str], bytes]  # a file of the run, by its name in the record
UNREADABLE = (OSError, ValueError, SyntaxError, DarkroomError)  # what reading one that is gone or torn raises
AS_IT_IS = 300_000  # bytes: a larger picture stands in a report as WebP, which takes a tenth of it
QUALITY = 90


def picture(cell: CellRecord, read: Read) -> bytes | None:
    """The cell's picture as its file; None: there is none that can be read."""
    try:
        content = read(cell.picture.file) if cell.picture else None
        if content is not None:
            _opened(content)
    except UNREADABLE:
        return None
    return content


def image(cell: CellRecord, read: Read) -> Image.Image | None:
    """The cell's picture as RGB; None: there is none that can be read."""
    content = picture(cell, read)
    return None if content is None else _opened(content)


def picture_url(cell: CellRecord, read: Read) -> str | None:
    """The cell's picture as an address that holds all of it; None: there is none that can be read."""
    content = picture(cell, read)
    if content is None or len(content) <= AS_IT_IS:
        return None if content is None else data_url("image/png", content)
    buffer = BytesIO()
    _opened(content).save(buffer, "WEBP", quality=QUALITY, method=4, xmp=mark.XMP.encode())
    return data_url("image/webp", buffer.getvalue())


def frame_urls(cell: CellRecord, read: Read) -> list[str]:
    """The cell's film strip, frame by frame; empty: there is none, or not all of it."""
    try:
        contents = [read(name) for name in cell.picture.frames] if cell.picture else []
    except UNREADABLE:
        return []
    return [data_url(_kind(content), content) for content in contents]


def data_url(kind: str, content: bytes) -> str:
    """`content` as an address that needs no request."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _kind(content: bytes) -> str:
    return "image/webp" if content[8:12] == b"WEBP" else "image/jpeg"


def _opened(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=["PNG"]) as found:
        return found.convert("RGB")
