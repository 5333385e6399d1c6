"""A replayed picture beside the one that its recipe tells of."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from comparison import pixels
from comparison.difference import psnr
from comparison.recipe import Expected, reference, small
from comparison.record import Picture, Verdict


def verdict(expected: Expected, picture: Picture, content: bytes) -> Verdict:
    """Of the `picture` whose PNG is `content`."""
    wanted, image = reference(expected), pixels.opened(content)
    full = wanted.size == image.size
    if picture.sha256 == expected.sha256:
        return Verdict(same="bytes", width=image.width, height=image.height, full=True)
    if picture.pixels_sha256 == expected.pixels_sha256:
        return Verdict(same="pixels", width=image.width, height=image.height, full=True)
    one, other = _levels(wanted), _levels(small(image))
    ratio = psnr(one, other)
    return Verdict(
        same="nothing",
        mean=float(np.abs(one - other).mean()),
        psnr=ratio if math.isfinite(ratio) else None,
        width=wanted.width,
        height=wanted.height,
        full=full,
    )


def _levels(image: Image.Image) -> np.ndarray:
    """(height, width, 3), 0 to 255."""
    return np.asarray(image, dtype=np.float64)
