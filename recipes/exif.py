"""The texts in a picture's EXIF: a table of tags, and a second one that it points to, as a TIFF has them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MOST_BYTES = 2 << 20
MOST_TAGS = 500  # of a table
_TABLE = 0x8769  # the tag that points to the second table
_NAMES = {  # of the tags that programs write recipes into
    0x010E: "ImageDescription",
    0x010F: "Make",  # ComfyUI's workflow
    0x0110: "Model",  # ComfyUI's prompt
    0x0131: "Software",
    0x927C: "MakerNote",  # Fooocus's scheme
    0x9286: "UserComment",
}
_TEXT_TYPES = (1, 2, 7)  # bytes, ASCII, undefined: each one byte an item
_CHARSETS = {b"ASCII\0\0\0": "ascii", b"\0" * 8: "utf-8", b"JIS\0\0\0\0\0": "iso2022_jp"}


class Damaged(ValueError):  # noqa: N818 - reads as what it is wherever it is raised
    """More than EXIF ever is."""


def texts(data: bytes) -> dict[str, str]:
    """The texts by the names of their tags; none of what is no EXIF. Raises Damaged for what is too large."""
    if len(data) > MOST_BYTES:
        raise Damaged(f"Its EXIF has more than {MOST_BYTES >> 20} MB.")
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return {}
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    found: dict[int, str] = {}
    further = 0
    for tag, value in _table(data, order, start):
        if tag == _TABLE and len(value) == 4:
            (further,) = struct.unpack(f"{order}I", value)
        elif tag not in found:
            found[tag] = _decoded(value)
    for tag, value in _table(data, order, further) if further else ():
        if tag not in found and tag != _TABLE:
            found[tag] = _decoded(value)
    return {_NAMES[tag]: text for tag, text in found.items() if text}


def _table(data: bytes, order: str, start: int) -> Iterator[tuple[int, bytes]]:
    """Tag and value of each entry that is whole: text, or the four bytes of a pointer."""
    if start + 2 > len(data):
        return
    (count,) = struct.unpack_from(f"{order}H", data, start)
    for at in range(start + 2, start + 2 + 12 * min(count, MOST_TAGS), 12):
        if at + 12 > len(data):
            return
        tag, kind, length, offset = struct.unpack_from(f"{order}HHII", data, at)
        if tag == _TABLE:
            yield tag, data[at + 8 : at + 12]
        elif tag in _NAMES and kind in _TEXT_TYPES:
            begin = at + 8 if length <= 4 else offset
            if begin + length <= len(data):
                yield tag, data[begin : begin + length]


def _decoded(value: bytes) -> str:
    """A text with the eight bytes before it that name its characters, or without."""
    head, body = value[:8], value[8:]
    if head == b"UNICODE\0":
        return body.decode(_utf16(body), errors="replace").rstrip("\0")
    if head in _CHARSETS:
        return body.decode(_CHARSETS[head], errors="replace").rstrip("\0")
    return value.decode("utf-8", errors="replace").rstrip("\0")


def _utf16(body: bytes) -> str:
    """Whichever byte order makes it Latin letters: programs write both, whatever the order of the rest."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if body[0:4000:2].count(0) >= body[1:4000:2].count(0) else "utf-16-le"
