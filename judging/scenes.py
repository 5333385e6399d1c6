"""What a picture shows, before any pixel or word: a background and one or two flat shapes on it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

SIDE = 128  # pixels, width and height of every picture
MARGIN = 5  # pixels that stay free at the border

PALETTE = {
    "red": (226, 38, 42),
    "green": (34, 158, 72),
    "blue": (36, 88, 220),
    "yellow": (250, 212, 40),
    "orange": (248, 130, 24),
    "purple": (126, 56, 192),
    "pink": (250, 134, 186),
    "cyan": (30, 196, 216),
    "brown": (124, 74, 40),
    "black": (20, 20, 24),
    "white": (250, 250, 248),
    "gray": (136, 138, 142),
}
COLOURS = tuple(PALETTE)
SHAPES = ("circle", "square", "triangle", "star", "heart", "ring", "cross", "diamond")
SIZES = ("small", "medium", "large")
COLUMNS = ("left", "center", "right")
ROWS = ("top", "middle", "bottom")
PLACES = tuple((column, row) for row in ROWS for column in COLUMNS)
RELATIONS = ("above", "below", "left of", "right of")  # of the first object to the second

RADII = {1: {"small": 18, "medium": 30, "large": 46}, 2: {"small": 14, "medium": 20, "large": 27}}  # pixels
HELD_OUT = 10  # one combination in so many is never trained on


@dataclass(frozen=True, kw_only=True)
class Item:
    """One flat shape; x, y and radius are pixels."""

    shape: str
    colour: str
    size: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A background and its objects; `place` for one object, `relation` of the first to the second for two."""

    background: str
    items: tuple[Item, ...]
    place: tuple[str, str] = ("center", "middle")
    relation: str | None = None  # None: there are not two objects


def held_out(scene: Scene) -> bool:
    """Whether this combination of shapes and colours is kept for judging."""
    key = "/".join([scene.background, *(f"{item.colour} {item.shape}" for item in scene.items)])
    return zlib.crc32(key.encode()) % HELD_OUT == 0


def random_scene(rng: np.random.Generator, objects: int, *, judging: bool = False) -> Scene:
    """A scene of one or two objects, from the held-out combinations if it is for judging."""
    while True:
        scene = pair(rng) if objects == 2 else single(rng)
        if held_out(scene) == judging:
            return scene


def single(rng: np.random.Generator) -> Scene:
    background, colour = (str(c) for c in rng.choice(COLOURS, 2, replace=False))
    size = str(rng.choice(SIZES, p=(0.25, 0.5, 0.25)))
    place = PLACES[rng.integers(len(PLACES))] if rng.random() < 0.5 else ("center", "middle")
    radius = RADII[1][size] * rng.uniform(0.93, 1.07)
    reach = SIDE / 2 - MARGIN - radius  # how far the centre may leave the middle
    x = SIDE / 2 + reach * (COLUMNS.index(place[0]) - 1) * 0.92 + rng.uniform(-2, 2)
    y = SIDE / 2 + reach * (ROWS.index(place[1]) - 1) * 0.92 + rng.uniform(-2, 2)
    item = Item(shape=str(rng.choice(SHAPES)), colour=colour, size=size, x=x, y=y, radius=radius)
    return Scene(background=background, items=(item,), place=place)


def pair(rng: np.random.Generator) -> Scene:
    """Two objects, one above or beside the other."""
    background = str(rng.choice(COLOURS))
    relation = str(rng.choice(RELATIONS))
    axis = np.array((0, 1)) if relation in ("above", "below") else np.array((1, 0))
    towards = -1 if relation in ("above", "left of") else 1
    items = []
    for sign in (towards, -towards):
        size = str(rng.choice(SIZES, p=(0.2, 0.6, 0.2)))
        x, y = SIDE / 2 + sign * axis * 31 + rng.uniform(-2, 2, 2)
        colour = str(rng.choice([c for c in COLOURS if c != background]))
        radius = RADII[2][size] * rng.uniform(0.95, 1.05)
        shape = str(rng.choice(SHAPES))
        items.append(Item(shape=shape, colour=colour, size=size, x=float(x), y=float(y), radius=radius))
    return Scene(background=background, items=tuple(items), relation=relation)
