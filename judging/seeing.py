"""What a picture shows, read by classical image processing: background, shapes, colours, sizes, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from judging.drawing import Pixels, stencil
from judging.scenes import COLOURS, COLUMNS, MARGIN, PALETTE, RADII, ROWS, SHAPES, SIDE, Item

SMALLEST = 60  # pixels; fewer are no object
LIKENESS = 0.65  # overlap with the best template (intersection over union) below which a shape is none we know
GRID = 64  # templates are compared on so many by so many pixels
UNKNOWN = "?"

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One object seen; x and y are the pixels of its middle as `Item` has them."""

    shape: str
    colour: str
    radius: float
    x: float
    y: float
    likeness: float


@dataclass(frozen=True, kw_only=True)
class Seen:
    width: int  # of the picture, pixels
    height: int
    background: str
    things: tuple[Thing, ...]  # from top to bottom, then from left to right


@dataclass(frozen=True)
class Template:
    """A shape's mask on the grid, and its box in units of its radius: half its longer side, and its middle's offset."""

    mask: Mask
    reach: float
    x: float
    y: float


def see(picture: Pixels) -> Seen:
    """Read a picture whose shorter side has SIDE pixels."""
    nearest = nearest_colours(picture)
    border = np.concatenate(
        [nearest[:2].ravel(), nearest[-2:].ravel(), nearest[:, :2].ravel(), nearest[:, -2:].ravel()]
    )
    ground = int(np.bincount(border).argmax())
    regions, count = ndimage.label(ndimage.binary_opening(nearest != ground, iterations=2))
    regions = [regions == number for number in range(1, count + 1)]
    things = [look(picture, nearest, region, ground) for region in regions if region.sum() >= SMALLEST]
    height, width = nearest.shape
    return Seen(
        width=width,
        height=height,
        background=COLOURS[ground],
        things=tuple(sorted(things, key=lambda t: (t.y // 20, t.x))),
    )


def nearest_colours(picture: Pixels) -> NDArray[np.intp]:
    """(side, side) numbers of the palette's nearest colours."""
    palette = np.array(list(PALETTE.values()), np.int32)  # (12, 3)
    flat = picture.reshape(-1, 3).astype(np.int32)
    # |p - c|² without |p|², which is the same for every colour: (pixels, 12)
    distance = (palette**2).sum(1) - 2 * flat @ palette.T
    nearest: NDArray[np.intp] = distance.argmin(1).reshape(picture.shape[:2])
    return nearest


def look(picture: Pixels, nearest: NDArray[np.intp], region: Mask, ground: int) -> Thing:
    """Name one region's colour and shape."""
    core = ndimage.binary_erosion(region, iterations=2)
    inside = nearest[core if core.any() else region]
    colour = int(np.bincount(inside, minlength=len(COLOURS)).argmax())
    mask = ndimage.binary_dilation(region, iterations=2) & more_like(picture, colour, ground)
    mask = mask if mask.sum() >= SMALLEST else region
    grid, reach, x, y = boxed(mask)
    likenesses = {shape: overlap(grid, template(shape).mask) for shape in SHAPES}
    shape = max(likenesses, key=likenesses.__getitem__)
    best = template(shape)
    radius = reach / best.reach
    return Thing(
        shape=shape if likenesses[shape] >= LIKENESS else UNKNOWN,
        colour=COLOURS[colour],
        radius=radius,
        x=x - best.x * radius,
        y=y - best.y * radius,
        likeness=likenesses[shape],
    )


def more_like(picture: Pixels, colour: int, ground: int) -> Mask:
    """Pixels nearer to an object's colour than to the background's: cuts antialiased edges in their middle."""
    palette = np.array(list(PALETTE.values()), np.float32)
    way = palette[colour] - palette[ground]
    middle = (palette[colour] + palette[ground]) / 2
    side: Mask = (picture.astype(np.float32) - middle) @ way > 0
    return side


def boxed(mask: Mask) -> tuple[Mask, float, float, float]:
    """The mask scaled onto the grid in its proportions; half its longer side and its box's middle, in pixels."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = int(max(bottom - top, right - left))
    square = np.zeros((side, side), np.uint8)
    down, across = (side - (bottom - top)) // 2, (side - (right - left)) // 2
    square[down : down + bottom - top, across : across + right - left] = mask[top:bottom, left:right] * 255
    grid = np.asarray(Image.fromarray(square).resize((GRID, GRID), Image.Resampling.BOX)) > 127
    return grid, side / 2, (left + right) / 2, (top + bottom) / 2


@cache
def template(shape: str) -> Template:
    item = Item(shape=shape, colour="black", size="large", x=SIDE / 2, y=SIDE / 2, radius=100)
    mask, (left, top) = stencil(item)
    grid, reach, x, y = boxed(np.asarray(mask) > 127)
    return Template(grid, reach / 100, (x + left - item.x) / 100, (y + top - item.y) / 100)


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def size_of(thing: Thing, objects: int, sizes: Mapping[int, Mapping[str, float]] = RADII) -> str:
    """The nearest of the sizes that are drawn where there are so many objects."""
    radii = sizes[objects]
    return min(radii, key=lambda size: abs(radii[size] - thing.radius))


def place_of(thing: Thing, width: int = SIDE, height: int = SIDE) -> tuple[str, str]:
    """Where a single object is in a picture of these sides: column and row."""
    column, row = _third(thing.x, thing.radius, width), _third(thing.y, thing.radius, height)
    return COLUMNS[column], ROWS[row]


def _third(at: float, radius: float, side: int) -> int:
    """Along one side: 0 near its beginning, 1 in its middle, 2 near its end."""
    reach = max(1.0, side / 2 - MARGIN - radius)
    return 1 + round(float(np.clip((at - side / 2) / reach / 0.92, -1, 1)))


def relation_of(first: Thing, second: Thing) -> str:
    """Of the first to the second, along the axis on which they are further apart."""
    across, down = first.x - second.x, first.y - second.y
    if abs(down) > abs(across):
        return "above" if down < 0 else "below"
    return "left of" if across < 0 else "right of"
