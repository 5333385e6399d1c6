"""Pictures beyond recognition: a few patches of colour are all that is left of them."""

from __future__ import annotations

from PIL import Image

PATCHES = 6  # along the longer side
SIDE = 96  # pixels of the longer side of what comes out


def veiled(picture: Image.Image) -> Image.Image:
    """What was `picture`, at SIDE pixels: nothing finer than its patches is in it any more."""
    patches = picture.convert("RGB").resize(_sides(picture, PATCHES), Image.Resampling.BOX)
    return patches.resize(_sides(picture, SIDE), Image.Resampling.BICUBIC)


def _sides(picture: Image.Image, longer: int) -> tuple[int, int]:
    scale = longer / max(picture.size)
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
