"""The same prompts and seeds across the family, on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from colours import LIGHT
from comparison.export.lettering import Lettering
from judging.drawing import Pixels

SIDE, GAP, MARGIN, LABELS = 192, 12, 28, 220  # pixels
PLAIN, STRONG = Lettering(17), Lettering(19, bold=True)


@dataclass(frozen=True)
class Column:
    """One mini's pictures, from the first prompt on."""

    title: str
    below: Sequence[str]  # two lines at most
    pictures: Sequence[Pixels]


def sheet(prompts: Sequence[str], columns: Sequence[Column]) -> bytes:
    """A PNG: a row a prompt, a column a mini."""
    top = MARGIN + STRONG.leading + 2 * PLAIN.leading + GAP
    size = (2 * MARGIN + LABELS + len(columns) * (SIDE + GAP), top + len(prompts) * (SIDE + GAP) + MARGIN)
    image = Image.new("RGB", size, LIGHT["room"])
    pen = ImageDraw.Draw(image)
    for row, prompt in enumerate(prompts):
        y = top + row * (SIDE + GAP)
        for number, line in enumerate([*PLAIN.lines(prompt, LABELS - 2 * GAP, 6), f"seed {row}"], start=1):
            PLAIN.draw(pen, (MARGIN, y + number * PLAIN.leading), line, LIGHT["ink" if line in prompt else "dim"])
    for number, column in enumerate(columns):
        x = MARGIN + LABELS + number * (SIDE + GAP)
        STRONG.draw(pen, (x, MARGIN + STRONG.leading), column.title, LIGHT["ink"])
        for place, text in enumerate(column.below, start=1):
            PLAIN.draw(pen, (x, MARGIN + STRONG.leading + place * PLAIN.leading), text, LIGHT["dim"])
        for row, picture in enumerate(column.pictures[: len(prompts)]):
            shown = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            image.paste(shown, (x, top + row * (SIDE + GAP)))
    content = BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()
