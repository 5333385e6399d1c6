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
MOST_TEXTS = 4 << 20  # characters of all of them; more is left out
MOST_CHUNKS = 20_000
_OVERHEAD = 12  # bytes of a chunk besides its data: length, kind, checksum


class Damaged(ValueError):  # noqa: N818 - reads as what it is wherever it is raised
    """Not a whole PNG."""


@dataclass(frozen=True)
class Png:
    """A whole PNG."""

    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # by keyword; of several with one keyword the first
    left_out: tuple[str, ...] = ()  # keywords of texts that are damaged, or unpack to more than is taken
    exif: bytes = b""
    animated: bool = False


def read(content: bytes) -> Png:
    """What `content` holds. Raises Damaged unless every chunk is there and matches its checksum."""
    size, texts, left_out, exif = (0, 0), dict[str, str](), list[str](), b""
    kinds = set[bytes]()
    taken = 0  # characters
    for kind, data in _chunks(content):
        kinds.add(kind)
        if kind == b"IHDR" and len(data) == 13:
            size = struct.unpack(">II", data[:8])
        elif kind == b"eXIf":
            exif = exif or data
        elif kind in _TEXTS:
            keyword, text = _TEXTS[kind](data) if taken < MOST_TEXTS else (_keyword(data), None)
            taken += MOST_TEXT if text is None else len(text)  # so that few bombs are unpacked, of many
            if text is None or taken > MOST_TEXTS:
                left_out.append(keyword)
            else:
                texts.setdefault(keyword, text)
    if not min(size) or not {b"IDAT", b"IEND"} <= kinds:
        raise Damaged("It holds no picture, or not all of it.")
    return Png(*size, texts, tuple(left_out), exif, b"acTL" in kinds)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each, up to the end that a PNG names itself."""
    if not content.startswith(SIGNATURE):
        raise Damaged("It is not a PNG.")
    at, view = len(SIGNATURE), memoryview(content)
    for _ in range(MOST_CHUNKS):
        if at + _OVERHEAD > len(content):
            raise Damaged("It ends too early.")
        (length,) = struct.unpack_from(">I", content, at)
        end = at + _OVERHEAD + length
        if end > len(content):
            raise Damaged("It ends too early.")
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            raise Damaged("A part of it does not match its checksum.")
        kind = content[at + 4 : at + 8]
        yield kind, b"" if kind == b"IDAT" else content[at + 8 : end - 4]
        if kind == b"IEND":
            return
        at = end
    raise Damaged(f"It has more than {MOST_CHUNKS} parts.")


def _keyword(data: bytes) -> str:
    return data[:80].partition(b"\0")[0].decode("latin-1")


def _plain(data: bytes) -> tuple[str, str | None]:
    text = data.partition(b"\0")[2]
    return _keyword(data), text.decode("latin-1") if len(text) <= MOST_TEXT else None


def _packed(data: bytes) -> tuple[str, str | None]:
    text = _unpacked(data.partition(b"\0")[2][1:])
    return _keyword(data), None if text is None else text.decode("latin-1")


def _international(data: bytes) -> tuple[str, str | None]:
    rest = data.partition(b"\0")[2]
    parts = rest[2:].split(b"\0", 2)  # language, the keyword in it, text
    text = parts[2] if len(parts) == 3 else None
    if text is not None and rest[:1] == b"\1":
        text = _unpacked(text)
    if text is None or len(text) > MOST_TEXT:
        return _keyword(data), None
    return _keyword(data), text.decode("utf-8", errors="replace")


def _unpacked(data: bytes) -> bytes | None:
    """Text that was compressed; None for one that is damaged, or a bomb."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MOST_TEXT)
    except zlib.error:
        return None
    return text if unpacking.eof else None


_TEXTS = {b"tEXt": _plain, b"zTXt": _packed, b"iTXt": _international}
