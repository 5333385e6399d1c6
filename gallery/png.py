"""What stands in a PNG besides its pixels, which are never decoded: whether it is whole, its size, its texts.

The file may come from anybody: what it says of itself is believed only as far as it can be checked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_TEXT = 1 << 20  # bytes of one text, unpacked; more is left out
_OVERHEAD = 12  # bytes of a chunk besides its data: length, kind, checksum


class Damaged(ValueError):  # noqa: N818 - reads as what it is wherever it is raised
    """Not a whole PNG."""


@dataclass(frozen=True)
class Png:
    """A whole PNG."""

    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # by keyword; of several with one keyword the first


def read(content: bytes) -> Png:
    """What `content` holds. Raises Damaged unless every chunk is there and matches its checksum."""
    size, texts = (0, 0), dict[str, str]()
    kinds = set[bytes]()
    for kind, data in _chunks(content):
        kinds.add(kind)
        if kind == b"IHDR" and len(data) == 13:
            size = struct.unpack(">II", data[:8])
        elif kind in _TEXTS and (said := _TEXTS[kind](data)) is not None:
            texts.setdefault(*said)
    if not min(size) or not {b"IDAT", b"IEND"} <= kinds:
        raise Damaged("It holds no picture, or not all of it.")
    return Png(*size, texts)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each, up to the end that a PNG names itself."""
    if not content.startswith(SIGNATURE):
        raise Damaged("It is not a PNG.")
    at, view = len(SIGNATURE), memoryview(content)
    while at + _OVERHEAD <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end = at + _OVERHEAD + length
        if end > len(content):
            break
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            raise Damaged("A part of it does not match its checksum.")
        kind = content[at + 4 : at + 8]
        yield kind, b"" if kind == b"IDAT" else content[at + 8 : end - 4]
        if kind == b"IEND":
            return
        at = end
    raise Damaged("It ends too early.")


def _plain(data: bytes) -> tuple[str, str] | None:
    keyword, nul, text = data.partition(b"\0")
    return (keyword.decode("latin-1"), text.decode("latin-1")) if nul and len(text) <= MOST_TEXT else None


def _packed(data: bytes) -> tuple[str, str] | None:
    keyword, nul, rest = data.partition(b"\0")
    text = _unpacked(rest[1:]) if nul else None
    return None if text is None else (keyword.decode("latin-1"), text.decode("latin-1"))


def _international(data: bytes) -> tuple[str, str] | None:
    keyword, nul, rest = data.partition(b"\0")
    parts = rest[2:].split(b"\0", 2)  # language, the keyword in it, text
    if not nul or len(parts) < 3:
        return None
    text = _unpacked(parts[2]) if rest[:1] == b"\1" else parts[2]
    if text is None or len(text) > MOST_TEXT:
        return None
    return keyword.decode("latin-1"), text.decode("utf-8", errors="replace")


def _unpacked(data: bytes) -> bytes | None:
    """Text that was compressed; None for one that is damaged, or a bomb."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MOST_TEXT)
    except zlib.error:
        return None
    return text if unpacking.eof else None


_TEXTS = {b"tEXt": _plain, b"zTXt": _packed, b"iTXt": _international}
