"""What is shown in place of a picture that is not: plainly none of the model's, with the reason on it."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from safety.settings import Kind, Policy
from safety.veil import veiled

REASON = "The safety checker flagged this picture. It errs at times: try another prompt or seed."
PAPER, INK, DIM = (38, 36, 35), (236, 230, 223), (176, 168, 160)


@dataclass(frozen=True)
class Withheld:
    """A stand-in for a picture."""

    kind: Kind
    image: Image.Image


def stand_in(picture: Image.Image, policy: Policy) -> Withheld:
    """For `picture`, of its size; by a policy that is not off."""
    if policy == "blur":
        return Withheld("blurred", _labelled(veiled(picture).resize(picture.size, Image.Resampling.BICUBIC), "Blurred"))
    return Withheld("blocked", _labelled(Image.new("RGB", picture.size, PAPER), "Withheld"))


def _labelled(image: Image.Image, title: str) -> Image.Image:
    """With a crossed eye, the title and the reason on a band that leaves whatever is behind legible."""
    side = min(image.size)
    draw = ImageDraw.Draw(image)
    large, small = (_lettering(max(9, side * part)) for part in (0.085, 0.047))
    lines = _wrapped(draw, REASON, small, image.width * 0.84) if side >= 96 else []
    leading = 1.35
    heights = [side * 0.2, large.size * leading, *(small.size * leading for _ in lines)]
    top = (image.height - sum(heights)) / 2
    band = (0, top - side * 0.05, image.width, top + sum(heights) + side * 0.05)
    draw.rectangle(band, fill=PAPER)
    _crossed_eye(draw, image.width / 2, top + side * 0.07, side * 0.11)
    y = top + heights[0]
    for text, font, colour in ((title, large, INK), *((line, small, DIM) for line in lines)):
        draw.text((image.width / 2, y), text, fill=colour, font=font, anchor="ma")
        y += font.size * leading
    return image


def _crossed_eye(draw: ImageDraw.ImageDraw, x: float, y: float, reach: float) -> None:
    """An eye of twice `reach` pixels' width around (x, y), with a stroke through it."""
    line = max(1, round(reach / 9))
    for start, centre in ((212, y + reach * 0.62), (32, y - reach * 0.62)):
        box = (x - reach * 1.2, centre - reach * 1.2, x + reach * 1.2, centre + reach * 1.2)
        draw.arc(box, start, start + 116, INK, line)
    pupil = reach * 0.32
    draw.ellipse((x - pupil, y - pupil, x + pupil, y + pupil), outline=INK, width=line)
    draw.line((x - reach * 0.9, y + reach * 0.75, x + reach * 0.9, y - reach * 0.75), fill=INK, width=line)


def _lettering(size: float) -> ImageFont.FreeTypeFont:
    """Pillow's own."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines[-1:] = [longer] if draw.textlength(longer, font) <= width else [lines[-1], word]
    return lines
