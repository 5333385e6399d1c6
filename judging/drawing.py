"""Scenes → pictures: flat shapes with crisp, antialiased edges. Knows nothing of words or models."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from judging.scenes import PALETTE, SIDE, Item, Scene

OVERSAMPLING = 4
RING_HOLE = 0.52  # of the ring's radius

Points = tuple[tuple[float, float], ...]  # in units of the radius, y downwards
Pixels = NDArray[np.uint8]  # (side, side, 3)


def draw(scene: Scene, side: int = SIDE) -> Pixels:
    """The scene as RGB pixels."""
    picture = Image.new("RGB", (side, side), PALETTE[scene.background])
    for item in scene.items:
        mask, corner = stencil(item, side / SIDE)
        picture.paste(PALETTE[item.colour], corner, mask)
    return np.asarray(picture)


def stencil(item: Item, scale: float = 1.0) -> tuple[Image.Image, tuple[int, int]]:
    """An item's coverage, 0–255, and the pixel at which its top left corner belongs."""
    radius = item.radius * scale
    reach = math.ceil(radius * 1.15) + 2  # pixels
    left, top = math.floor(item.x * scale) - reach, math.floor(item.y * scale) - reach
    centre = (item.x * scale - left) * OVERSAMPLING, (item.y * scale - top) * OVERSAMPLING
    canvas = Image.new("L", (2 * reach * OVERSAMPLING,) * 2)
    pen = ImageDraw.Draw(canvas)
    for polygon, ink in zip(polygons(item.shape), (255, 0), strict=False):
        corners = [
            tuple(c + p * radius * OVERSAMPLING for c, p in zip(centre, point, strict=True)) for point in polygon
        ]
        pen.polygon(corners, fill=ink)
    return canvas.reduce(OVERSAMPLING), (left, top)


@cache
def polygons(shape: str) -> tuple[Points, ...]:
    """A shape's outline; a second polygon is a hole."""
    if shape == "circle":
        return (regular(96),)
    if shape == "ring":
        return regular(96), regular(96, RING_HOLE)
    if shape == "star":
        return (star(1.08, 0.46),)
    if shape == "heart":
        return (heart(),)
    if shape == "cross":
        return (cross(0.98, 0.34),)
    return (
        {
            "square": ((-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)),
            "triangle": ((0.0, -0.92), (1.02, 0.84), (-1.02, 0.84)),
            "diamond": ((0.0, -1.1), (0.8, 0.0), (0.0, 1.1), (-0.8, 0.0)),
        }[shape],
    )


def regular(corners: int, radius: float = 1.0) -> Points:
    turns = [2 * math.pi * i / corners for i in range(corners)]
    return tuple((radius * math.sin(t), -radius * math.cos(t)) for t in turns)


def star(outer: float, inner: float) -> Points:
    far, near = regular(10, outer), regular(10, inner)
    lift = 0.05 * outer  # a star's box is not centred on its middle
    points = [far[i] if i % 2 == 0 else near[i] for i in range(10)]
    return tuple((x, y + lift) for x, y in points)


def heart() -> Points:
    turns = [2 * math.pi * i / 96 for i in range(96)]
    curve = [
        (
            16 * math.sin(t) ** 3,
            -13 * math.cos(t) + 5 * math.cos(2 * t) + 2 * math.cos(3 * t) + math.cos(4 * t),
        )
        for t in turns
    ]
    return tuple((x / 16.2, (y - 2.5) / 16.2) for x, y in curve)


def cross(reach: float, half: float) -> Points:
    quarter = ((half, -reach), (half, -half), (reach, -half))
    flips = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    corners = [[(x * sx, y * sy) for x, y in (quarter if sx * sy > 0 else quarter[::-1])] for sx, sy in flips]
    return tuple(point for arm in corners for point in arm)
