"""The silhouettes of the posters' things, and the details upon them: polygons in units of the radius, y downwards."""

from __future__ import annotations

import math
from functools import cache

from judging.drawing import RING_HOLE, Points, polygons, regular
from judging.posters.scenes import THINGS

# A polygon, and whether it is of the thing's own colour (True), of its details' colour (False), or not there (None).
Layer = tuple[Points, bool | None]


@cache
def layers(shape: str) -> tuple[Layer, ...]:
    """What is painted, in this order."""
    if shape == "ring":
        return (regular(96), True), (regular(96, RING_HOLE), None)
    if shape not in THINGS:
        return tuple((polygon, True) for polygon in polygons(shape))
    own, details = _DRAWN[shape]
    return (*((polygon, True) for polygon in own), *((polygon, False) for polygon in details))


def disc(x: float, y: float, radius: float, height: float | None = None) -> Points:
    """A circle, or an ellipse of this half height."""
    tall = radius if height is None else height
    return tuple((x + radius * a, y + tall * b) for a, b in regular(48))


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def mirrored(points: Points) -> Points:
    return tuple((-x, y) for x, y in points)


def rays(count: int, outer: float, inner: float) -> Points:
    far, near = regular(2 * count, outer), regular(2 * count, inner)
    return tuple(far[i] if i % 2 == 0 else near[i] for i in range(2 * count))


def crescent() -> Points:
    """What a circle leaves of another that stands a little to its left."""
    reach, offset, hole = 1.0, 0.52, 0.8
    x = (reach**2 - hole**2 + offset**2) / (2 * offset)  # where the circles meet
    turn, turn_hole = math.acos(x / reach), math.acos((x - offset) / hole)
    outer = [turn + (2 * math.pi - 2 * turn) * i / 60 for i in range(61)]
    inner = [turn_hole + (2 * math.pi - 2 * turn_hole) * i / 40 for i in range(40, -1, -1)]
    arc = [(reach * math.cos(t), reach * math.sin(t)) for t in outer]
    arc += [(offset + hole * math.cos(t), hole * math.sin(t)) for t in inner]
    return tuple((px + 0.2, py) for px, py in arc)


def smile() -> Points:
    turns = [math.pi * i / 16 for i in range(17)]
    lower = [(0.3 * math.cos(t), 0.1 + 0.28 * math.sin(t)) for t in turns]
    return (*lower, *((0.3 * math.cos(t), 0.1 + 0.06 * math.sin(t)) for t in turns[::-1]))


_LEAF = ((0.05, 0.85), (0.2, 0.5), (0.62, 0.36), (0.5, 0.72))
_FIN = ((0.3, 0.02), (0.7, 0.55), (0.7, 0.86), (0.3, 0.5))
_DRAWN: dict[str, tuple[tuple[Points, ...], tuple[Points, ...]]] = {
    "house": (
        (
            ((0.0, -1.0), (1.0, -0.12), (-1.0, -0.12)),
            box(-0.78, -0.14, 0.78, 0.92),
            box(0.36, -0.95, 0.62, -0.3),
        ),
        (box(-0.18, 0.36, 0.18, 0.92), box(-0.6, 0.06, -0.3, 0.36), box(0.3, 0.06, 0.6, 0.36)),
    ),
    "tree": (
        (
            ((0.0, -1.05), (0.5, -0.4), (-0.5, -0.4)),
            ((0.0, -0.75), (0.66, 0.15), (-0.66, 0.15)),
            ((0.0, -0.35), (0.84, 0.7), (-0.84, 0.7)),
            box(-0.17, 0.68, 0.17, 1.0),
        ),
        (disc(0.0, -0.4, 0.14), disc(-0.2, 0.32, 0.14), disc(0.3, 0.4, 0.14)),
    ),
    "boat": (
        (
            ((-1.0, 0.36), (1.0, 0.36), (0.64, 0.92), (-0.64, 0.92)),
            box(-0.1, -0.95, 0.1, 0.4),
            ((0.08, -1.0), (0.86, 0.2), (0.08, 0.2)),
            ((-0.08, -0.72), (-0.08, 0.2), (-0.72, 0.2)),
        ),
        (disc(-0.42, 0.62, 0.13), disc(0.0, 0.62, 0.13), disc(0.42, 0.62, 0.13)),
    ),
    "fish": (
        (disc(-0.2, 0.0, 0.8, 0.52), ((0.4, 0.0), (1.0, -0.5), (0.86, 0.0), (1.0, 0.5))),
        (
            disc(-0.62, -0.12, 0.14),
            ((-0.36, -0.4), (-0.16, -0.4), (-0.02, 0.0), (-0.16, 0.4), (-0.36, 0.4), (-0.22, 0.0)),
        ),
    ),
    "flower": (
        (
            *(disc(0.4 * x, -0.4 + 0.4 * y, 0.25) for x, y in regular(6)),
            disc(0.0, -0.4, 0.36),
            box(-0.1, -0.1, 0.1, 1.0),
            _LEAF,
            mirrored(_LEAF),
        ),
        (disc(0.0, -0.4, 0.22),),
    ),
    "moon": ((crescent(),), (disc(-0.52, -0.2, 0.14), disc(-0.4, 0.42, 0.17))),
    "sun": ((rays(12, 1.05, 0.74),), (disc(-0.25, -0.18, 0.13), disc(0.25, -0.18, 0.13), smile())),
    "cloud": (
        (disc(-0.55, 0.16, 0.44), disc(0.0, -0.16, 0.56), disc(0.56, 0.14, 0.46), box(-0.55, 0.1, 0.56, 0.6)),
        (),
    ),
    "mountain": (
        (((-1.05, 0.8), (-0.3, -0.85), (0.12, 0.0), (0.38, -0.42), (1.05, 0.8)),),
        (((-0.3, -0.52), (-0.13, -0.14), (-0.22, -0.22), (-0.3, -0.08), (-0.39, -0.22), (-0.47, -0.14)),),
    ),
    "rocket": (
        (
            ((0.0, -1.08), (0.2, -0.78), (0.33, -0.35), (0.33, 0.5), (-0.33, 0.5), (-0.33, -0.35), (-0.2, -0.78)),
            _FIN,
            mirrored(_FIN),
            ((-0.2, 0.48), (0.2, 0.48), (0.0, 1.05)),
        ),
        (disc(0.0, -0.28, 0.18), box(-0.2, 0.16, 0.2, 0.34)),
    ),
}
