"""Type for pictures: words set in a typeface that has their letters, wrapped to a width.

Pillow's own typeface lacks umlauts. Gradio, which Darkroom cannot run without, brings the page's typeface along as
files; what that one lacks (Chinese, symbols, …) is set in whichever of the system's has it.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from comparison.export.texts import NO_BREAK

NEVER = "\U0010fffd"  # a private code point that no typeface has: shows what a missing letter looks like
SYSTEM = (  # by name, wherever the system keeps them; each fills a gap of those before
    *(
        "DejaVuSans.ttf",
        "NotoSans-Regular.ttf",
        "segoeui.ttf",
        "Arial.ttf",
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
    ),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "seguisym.ttf", "msyh.ttc", "YuGothM.ttc", "malgun.ttf"),
    *("Arial Unicode.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc"),
)


@dataclass(frozen=True)
class Lettering:
    """A size in pixels and a weight."""

    size: int
    bold: bool = False

    @property
    def leading(self) -> int:
        """Pixels from one line to the next."""
        return round(self.size * 1.36)

    def width(self, text: str) -> float:
        """Of one line, in pixels."""
        return sum(face.getlength(part) for face, part in self._runs(text))

    def lines(self, text: str, width: float, most: int) -> list[str]:
        """`text` in at most so many lines of `width` pixels; what does not fit is told by an ellipsis."""
        found: list[str] = []
        for line in self._wrapped(clean(text), width):
            if len(found) == most:
                found[-1] = self._shortened(found[-1], width)
                break
            found.append(line.removesuffix(" ·"))
        return found

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """One line; `at` is the left end of its baseline."""
        x, y = at
        for face, part in self._runs(text):
            canvas.text((x, y), part, fill=colour, font=face, anchor="ls")
            x += face.getlength(part)

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        for name, letters in groupby(text, lambda letter: _face_for(letter, self.bold)):
            yield _face(name, self.size), "".join(letters)

    def _wrapped(self, text: str, width: float) -> Iterator[str]:
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}".lstrip()
            if self.width(longer) <= width:
                line = longer
                continue
            if line:
                yield line
            line = word
            while self.width(line) > width and len(line) > 1:
                head = self._fitting(line, width)
                yield head
                line = line[len(head) :]
        if line:
            yield line

    def _fitting(self, text: str, width: float) -> str:
        """As much of `text` as there is room for, one letter at least."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle]) <= width else (low, middle - 1)
        return text[:low]

    def _shortened(self, line: str, width: float) -> str:
        return self._fitting(line, width - self.width("…")).rstrip(" ,;.·") + "…"


def clean(text: str) -> str:
    """`text` on one line, without what cannot be drawn."""
    spaced = "".join(" " if letter.isspace() and letter != NO_BREAK else letter for letter in text)
    drawn = "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn"))
    return " ".join(word for word in drawn.split(" ") if word)


@lru_cache(8192)
def _face_for(letter: str, bold: bool) -> str:
    """The file of the first typeface that has `letter`; if none has, of the first of all."""
    names = [name for name in (_plex(bold), *SYSTEM) if name and _there(name)]
    return next((name for name in names if letter.isspace() or _has(name, letter)), names[0] if names else "")


@cache
def _plex(bold: bool) -> str:
    """The page's typeface, as gradio ships it; empty if it does so no longer."""
    spec = importlib.util.find_spec("gradio")  # where it is: it is not imported
    if spec is None or spec.origin is None:
        return ""
    folder = Path(spec.origin).parent / "templates" / "frontend" / "static" / "fonts" / "IBMPlexSans"
    return str(folder / f"IBMPlexSans-{'Bold' if bold else 'Regular'}.woff2")


@cache
def _there(name: str) -> bool:
    try:
        _face(name, 16)
    except OSError:  # not there, or of a kind that this Pillow cannot read
        return False
    return True


@cache
def _has(name: str, letter: str) -> bool:
    face = _face(name, 16)
    return _ink(face, letter) != _ink(face, NEVER)


def _ink(face: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    canvas = Image.new("L", (32, 32))
    ImageDraw.Draw(canvas).text((4, 24), letter, fill=255, font=face, anchor="ls")
    return canvas.size, canvas.tobytes()


@cache
def _face(name: str, size: int) -> ImageFont.FreeTypeFont:
    if not name:
        found = ImageFont.load_default(size)
        assert isinstance(found, ImageFont.FreeTypeFont)
        return found
    return ImageFont.truetype(name, size)
