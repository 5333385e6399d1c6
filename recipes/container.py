"""What texts a picture's file holds. Its pixels are never decoded.

The file may come from anybody: what it says of itself is believed only as far as it can be checked, and what is larger
than a picture with a recipe ever is, is refused before anything is unpacked.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from errors import UnreadablePicture
from recipes import exif, png

MOST_BYTES = 32 << 20  # of a file
MOST_PIXELS = 1 << 26  # 8192 × 8192
MOST_PARTS = 5000  # of a JPEG or WebP
XMP = "XMP"
_EXIF, _ADOBE = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_OTHERS = {  # how files begin that are not read
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"%PDF": "a PDF",
    b"PK\3\4": "a ZIP archive",
    b"<svg": "an SVG",
    b"<?xm": "an XML file",
    b"{": "a JSON file",
}


@dataclass(frozen=True)
class Container:
    """A picture's file."""

    kind: str  # PNG, JPEG, WebP
    width: int  # pixels
    height: int
    texts: Mapping[str, str]  # by keyword, or by the name of the EXIF tag


def opened(content: bytes) -> Container:
    """What the file holds. Raises UnreadablePicture."""
    if len(content) > MOST_BYTES:
        raise UnreadablePicture(
            f"The file has {len(content) >> 20} MB; at most {MOST_BYTES >> 20} are read. Take a smaller one."
        )
    kind = _kind(content)
    try:
        found = _READERS[kind](content)
    except (png.Damaged, exif.Damaged) as error:
        raise UnreadablePicture(f"The {kind} can't be read. {error} Take the original file.") from None
    if found.width * found.height > MOST_PIXELS:
        raise UnreadablePicture(
            f"The picture is {found.width}x{found.height}. At most {MOST_PIXELS >> 20} megapixels are read."
        )
    return found


def _kind(content: bytes) -> str:
    if content.startswith(png.SIGNATURE):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WebP"
    named = next((name for begin, name in _OTHERS.items() if content.startswith(begin)), "no picture")
    if content[4:8] == b"ftyp":
        named = "an AVIF, a HEIC or a film"
    raise UnreadablePicture(f"The file is {named if content else 'empty'}. PNG, JPEG and WebP are read.")


def _png(content: bytes) -> Container:
    found = png.read(content)
    if found.animated:
        raise png.Damaged("It is an animation; a single picture is read.")
    if found.left_out:
        what = f"The text '{found.left_out[0][:40]}' is damaged, or more than {png.MOST_TEXT >> 20} MB."
        raise png.Damaged(what)
    texts = {XMP if name == "XML:com.adobe.xmp" else name: text for name, text in found.texts.items()}
    return Container("PNG", found.width, found.height, {**exif.texts(found.exif), **texts})


def _jpeg(content: bytes) -> Container:
    size, texts = (0, 0), dict[str, str]()
    for marker, data in _segments(content):
        if marker in _START_OF_FRAME and len(data) >= 5:
            size = struct.unpack(">xHH", data[:5])[::-1]
        elif marker == 0xE1 and data.startswith(_EXIF):
            texts = {**exif.texts(data[len(_EXIF) :]), **texts}
        elif marker == 0xE1 and data.startswith(_ADOBE):
            texts[XMP] = data[len(_ADOBE) :].decode(errors="replace")
        elif marker == 0xFE:
            texts["Comment"] = data.rstrip(b"\0").decode(errors="replace")
    return Container("JPEG", *_checked(size), texts)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and data of each segment before the pixels, which must be there to their end."""
    at = 2
    for _ in range(MOST_PARTS):
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            raise png.Damaged("It ends too early, or is damaged.")
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        length = struct.unpack_from(">H", content, at + 2)[0]
        yield marker, content[at + 4 : at + 2 + length]
        if marker == 0xDA:
            break
        at += 2 + max(2, length)
    else:
        raise png.Damaged(f"It has more than {MOST_PARTS} parts.")
    if content.rfind(b"\xff\xd9", at) < 0:
        raise png.Damaged("It ends too early.")


def _webp(content: bytes) -> Container:
    size, texts, tags = (0, 0), dict[str, str](), dict[str, str]()
    for kind, data in _chunks(content):
        if kind == b"VP8X" and len(data) >= 10:
            if data[0] & 2:
                raise png.Damaged("It is an animation; a single picture is read.")
            size = (1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little"))
        elif kind == b"VP8L" and len(data) >= 5 and not min(size):
            bits = int.from_bytes(data[1:5], "little")
            size = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        elif kind == b"VP8 " and len(data) >= 10 and not min(size):
            width, height = struct.unpack_from("<HH", data, 6)
            size = (width & 0x3FFF, height & 0x3FFF)
        elif kind == b"EXIF":
            tags = tags or exif.texts(data.removeprefix(_EXIF))
        elif kind == b"XMP ":
            texts[XMP] = _limited(data).decode(errors="replace")
    return Container("WebP", *_checked(size), {**tags, **texts})


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content):
        raise png.Damaged("It ends too early.")
    at = 12
    for _ in range(MOST_PARTS):
        if at + 8 > end:
            return
        length = struct.unpack_from("<I", content, at + 4)[0]
        if at + 8 + length > end:
            raise png.Damaged("It ends too early.")
        yield content[at : at + 4], content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise png.Damaged(f"It has more than {MOST_PARTS} parts.")


def _limited(data: bytes) -> bytes:
    if len(data) > png.MOST_TEXT:
        raise png.Damaged(f"A text in it has more than {png.MOST_TEXT >> 20} MB.")
    return data


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    if not min(size):
        raise png.Damaged("It holds no picture.")
    return size


_READERS: Mapping[str, Callable[[bytes], Container]] = {"PNG": _png, "JPEG": _jpeg, "WebP": _webp}
