"""How far two pictures of one size are apart, as figures and as a heat map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from comparison import pixels
from errors import InvalidRequest

# inferno as a polynomial of degree 6 per channel, for values in [0, 1]: Matt Zucker's fit, public domain
# (https://www.shadertoy.com/view/WlfXRN). Lightness rises evenly, so equal differences look equally far apart.
_INFERNO = np.array(
    [
        (0.0002189403691192265, 0.001651004631001012, -0.01948089843709184),
        (0.1065134194856116, 0.5639564367884091, 3.932712388889277),
        (11.60249308247187, -3.972853965665698, -15.9423941062914),
        (-41.70399613139459, 17.43639888205313, 44.35414519872813),
        (77.162935699427, -33.40235894210092, -81.80730925738993),
        (-71.31942824499214, 32.62606426397723, 73.20951985803202),
        (25.13112622477341, -12.24266895238567, -23.07032500287172),
    ]
)


@dataclass(frozen=True)
class Difference:
    """Of two pictures. Values of a channel are 0 to 255."""

    mean: float  # of the absolute differences of all pixels and channels
    largest: float  # of the pixels' mean absolute differences
    psnr: float  # dB; infinite for equal pictures
    changed: float  # part of the pixels that differ at all, 0 to 1
    heat: bytes  # PNG: the absolute difference of each pixel, black for none, brightest for `largest`


def difference(one: bytes, other: bytes) -> Difference:
    """Between two picture files. Raises InvalidRequest unless their sizes are the same."""
    a, b = _pixels(one), _pixels(other)
    if a.shape != b.shape:
        sizes = " and ".join(f"{width}x{height}" for height, width, _ in (a.shape, b.shape))
        raise InvalidRequest(
            f"The pictures are {sizes} pixels. A difference needs two of one size; choose another.", "picture"
        )
    each = np.abs(a - b).mean(axis=2)  # (height, width)
    largest = float(each.max())
    return Difference(
        mean=float(each.mean()),
        largest=largest,
        psnr=psnr(a, b),
        changed=float((each > 0).mean()),
        heat=_png(inferno(each / (largest or 1.0))),
    )


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """In dB, between pixels of 0 to 255; infinite for equal ones."""
    error = float(np.square(one - other).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def inferno(values: np.ndarray) -> np.ndarray:
    """RGB in 0 to 255, (..., 3), for `values` in [0, 1]."""
    powers = values[..., None] ** np.arange(len(_INFERNO))  # (..., 7)
    return np.asarray((powers @ _INFERNO).clip(0, 1) * 255, dtype=np.uint8)


def _pixels(content: bytes) -> np.ndarray:
    """(height, width, 3), 0 to 255."""
    return np.asarray(pixels.opened(content), dtype=np.float64)


def _png(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
