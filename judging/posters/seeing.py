"""What a poster shows, read by classical image processing: its ground, and each thing's silhouette and colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from judging.drawing import Pixels
from judging.posters.drawing import colours, detail, ground, stencils
from judging.posters.scenes import PATTERNS, PIXELS, SHAPES, TIMES, Ground
from judging.scenes import COLOURS, PALETTE, SIDE, Item
from judging.seeing import LIKENESS, UNKNOWN, Mask, Seen, Template, Thing, boxed, overlap

SMALLEST = 300  # pixels; fewer are no thing
BORDER = 10  # pixels along the sides in which the ground is looked at
DIFFERENT = 150  # sum of a pixel's differences in red, green and blue: more says no more
GROUNDS = (
    *(Ground(colour=colour, pattern=pattern) for colour in COLOURS for pattern in PATTERNS),
    *(Ground(time=time) for time in TIMES),
)


@dataclass(frozen=True, kw_only=True)
class SeenPoster(Seen):
    """Lengths are in the units of scenes; `background` is the ground's name."""

    ground: Ground


def see(picture: Pixels) -> SeenPoster:
    """Read a picture whose shorter side has PIXELS pixels."""
    where = nearest_ground(picture)
    things = [look(picture, region, where) for region in regions(picture, where)]
    height, width = (round(side * SIDE / PIXELS) for side in picture.shape[:2])
    return SeenPoster(
        width=width,
        height=height,
        background=where.name,
        ground=where,
        things=tuple(sorted(things, key=lambda thing: (thing.y // 20, thing.x))),
    )


def nearest_ground(picture: Pixels) -> Ground:
    """The ground that differs least from the picture along its sides."""
    height, width = picture.shape[:2]
    difference = np.abs(_edge(picture).astype(np.int16) - _edges(width, height)).sum(-1)
    return GROUNDS[int(difference.clip(max=DIFFERENT).mean(-1).argmin())]


def _edge(picture: Pixels) -> Pixels:
    inner = picture[BORDER:-BORDER]
    parts = picture[:BORDER], picture[-BORDER:], inner[:, :BORDER], inner[:, -BORDER:]
    return np.concatenate([part.reshape(-1, 3) for part in parts])


@cache
def _edges(width: int, height: int) -> NDArray[np.int16]:
    """(grounds, pixels, 3)"""
    return np.stack([_edge(ground(where, width, height)) for where in GROUNDS]).astype(np.int16)


def regions(picture: Pixels, where: Ground) -> list[Mask]:
    """Each thing's pixels, with its details and without what the ground shows through."""
    own = [np.array(colour) for colour in colours(where)]
    others = [np.array(PALETTE[colour]) for colour in COLOURS if colour != where.colour]
    apart = nearest(picture, [*own, *others]) >= len(own)
    labels, count = ndimage.label(ndimage.binary_opening(apart, iterations=2))
    found = [labels == number for number in range(1, count + 1)]
    return [region for region in found if region.sum() >= SMALLEST]


def look(picture: Pixels, region: Mask, where: Ground) -> Thing:
    """Name one region's colour and shape."""
    core = ndimage.binary_erosion(region, iterations=2)
    inside = nearest(picture[core if core.any() else region][None], [np.array(c) for c in PALETTE.values()])
    counts = np.bincount(inside.ravel(), minlength=len(COLOURS))
    if where.colour:
        counts[COLOURS.index(where.colour)] = 0
    colour = COLOURS[int(counts.argmax())]
    choices = [np.array(c) for c in (PALETTE[colour], detail(colour), *colours(where))]
    mask = ndimage.binary_dilation(region, iterations=3) & (nearest(picture, choices) == 0)
    mask = mask if mask.sum() >= SMALLEST else region
    grid, reach, x, y = boxed(mask)
    likenesses = {shape: overlap(grid, template(shape).mask) for shape in SHAPES}
    shape = max(likenesses, key=likenesses.__getitem__)
    best, units = template(shape), SIDE / PIXELS
    radius = reach * units / best.reach
    return Thing(
        shape=shape if likenesses[shape] >= LIKENESS else UNKNOWN,
        colour=colour,
        radius=radius,
        x=x * units - best.x * radius,
        y=y * units - best.y * radius,
        likeness=likenesses[shape],
    )


def nearest(picture: Pixels, choices: list[NDArray[np.int_]]) -> NDArray[np.intp]:
    """(height, width) numbers of the nearest colours."""
    flat = picture.reshape(-1, 3).astype(np.float32)
    palette = np.stack(choices).astype(np.float32)
    distance = (palette**2).sum(1)[:, None] - 2 * palette @ flat.T
    found: NDArray[np.intp] = distance.argmin(0).reshape(picture.shape[:2])
    return found


@cache
def template(shape: str) -> Template:
    """What a thing shows of its own colour."""
    item = Item(shape=shape, colour="black", size="large", x=SIDE / 2, y=SIDE / 2, radius=100)
    (whole, details), (left, top) = stencils(item, 0.0, 0.0, 1.0)
    grid, reach, x, y = boxed((np.asarray(whole) > 127) & (np.asarray(details) < 128))
    return Template(grid, reach / 100, (x + left - item.x) / 100, (y + top - item.y) / 100)
