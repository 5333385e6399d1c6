"""What a poster shows, before any pixel or word: a ground, and one to four things on it. Lengths are mini-sd's."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from judging.scenes import (
    COLOURS,
    COLUMNS,
    HELD_OUT,
    MARGIN,
    PALETTE,
    PLACES,
    RELATIONS,
    ROWS,
    SIDE,
    SIZES,
    Item,
)
from judging.scenes import SHAPES as PLAIN_SHAPES

PIXELS = 256  # width and height of a poster; a scene's lengths are in units of which SIDE fill it
THINGS = ("house", "tree", "boat", "fish", "flower", "moon", "sun", "cloud", "mountain", "rocket")
SHAPES = (*THINGS, *PLAIN_SHAPES)
PATTERNS = ("plain", "striped", "dotted", "checked")
TIMES = ("day", "night")  # of a landscape, which has no colour of its own
MOST = 4  # of the same thing
RADII: dict[int, dict[str, float]] = {
    1: {"small": 20, "medium": 33, "large": 48},
    2: {"small": 16, "medium": 22.5, "large": 28},
}
APART = 32  # from the middle, each of two
HIDDEN = {"night": ("black",)}  # colours that cannot be told from such a ground

# Where so many of the same thing stand: middles and radius, as shares of SIDE.
ROWS_OF = {
    2: (((0.26, 0.5), (0.74, 0.5)), 0.21),
    3: (((0.19, 0.5), (0.5, 0.5), (0.81, 0.5)), 0.148),
    4: (((0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)), 0.195),
}
KINDS = {"single": 0.4, "pair": 0.4, "several": 0.2}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A colour with a pattern in a shade of it, or a landscape by day or night."""

    colour: str = ""  # empty: a landscape
    pattern: str = "plain"
    time: str = ""  # empty: no landscape

    @property
    def name(self) -> str:
        """In a word or two."""
        return self.time or (self.colour if self.pattern == "plain" else f"{self.pattern} {self.colour}")


@dataclass(frozen=True, kw_only=True)
class Poster:
    """A ground and things; `place` for one, `relation` of the first to the second for two different ones."""

    ground: Ground
    items: tuple[Item, ...]  # more than one without a relation: all the same thing
    place: tuple[str, str] = ("center", "middle")
    relation: str | None = None


def held_out(poster: Poster) -> bool:
    """Whether this combination of ground, shapes and colours is kept for judging."""
    ground = poster.ground
    things = [f"{item.colour} {item.shape}" for item in poster.items]
    key = "/".join([ground.pattern, ground.colour or ground.time, *things])
    return zlib.crc32(key.encode()) % HELD_OUT == 0


def random_poster(rng: np.random.Generator, *, kind: str = "", judging: bool = False) -> Poster:
    """One of a kind, or of any; from the held-out combinations if it is for judging."""
    while True:
        chosen = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
        poster = {"single": _single, "pair": _pair, "several": _several}[chosen](rng)
        if held_out(poster) == judging:
            return poster


def random_ground(rng: np.random.Generator) -> Ground:
    if rng.random() < 0.2:
        return Ground(time=str(rng.choice(TIMES)))
    pattern = str(rng.choice(PATTERNS, p=(0.64, 0.12, 0.12, 0.12)))
    return Ground(colour=str(rng.choice(COLOURS)), pattern=pattern)


def colour_on(ground: Ground, rng: np.random.Generator) -> str:
    """Any that can be seen there."""
    hidden = (ground.colour, *HIDDEN.get(ground.time, ()))
    return str(rng.choice([colour for colour in COLOURS if colour not in hidden]))


def _single(rng: np.random.Generator) -> Poster:
    ground = random_ground(rng)
    size = str(rng.choice(SIZES, p=(0.25, 0.5, 0.25)))
    place = PLACES[rng.integers(len(PLACES))] if rng.random() < 0.4 else ("center", "middle")
    radius = RADII[1][size] * rng.uniform(0.95, 1.05)
    reach = (SIDE / 2 - MARGIN - radius) * 0.92  # how far the centre may leave the middle
    x, y = (
        SIDE / 2 + reach * (names.index(name) - 1) + rng.uniform(-1, 1)
        for names, name in zip((COLUMNS, ROWS), place, strict=True)
    )
    item = Item(shape=str(rng.choice(SHAPES)), colour=colour_on(ground, rng), size=size, x=x, y=y, radius=radius)
    return Poster(ground=ground, items=(item,), place=place)


def _pair(rng: np.random.Generator) -> Poster:
    """Two different things, one above or beside the other."""
    ground, relation = random_ground(rng), str(rng.choice(RELATIONS))
    axis = np.array((0, 1)) if relation in ("above", "below") else np.array((1, 0))
    towards = -1 if relation in ("above", "left of") else 1
    items = []
    for sign in (towards, -towards):
        size = str(rng.choice(SIZES, p=(0.2, 0.6, 0.2)))
        x, y = SIDE / 2 + sign * axis * APART + rng.uniform(-1, 1, 2)
        radius, shape = RADII[2][size] * rng.uniform(0.96, 1.04), str(rng.choice(SHAPES))
        colour = colour_on(ground, rng)
        items.append(Item(shape=shape, colour=colour, size=size, x=float(x), y=float(y), radius=radius))
    if (items[0].shape, items[0].colour) == (items[1].shape, items[1].colour):
        return _pair(rng)
    return Poster(ground=ground, items=tuple(items), relation=relation)


def _several(rng: np.random.Generator) -> Poster:
    """Two to four of the same."""
    ground = random_ground(rng)
    middles, radius = ROWS_OF[int(rng.integers(2, MOST + 1))]
    shape, colour, size = str(rng.choice(SHAPES)), colour_on(ground, rng), "medium"
    radius *= SIDE * rng.uniform(0.96, 1.04)
    aside, down = rng.uniform(-1, 1, 2)
    items = [
        Item(shape=shape, colour=colour, size=size, x=x * SIDE + aside, y=y * SIDE + down, radius=radius)
        for x, y in middles
    ]
    return Poster(ground=ground, items=tuple(items))


def brightness(colour: str) -> float:
    """0 to 255, as the eye weighs red, green and blue."""
    red, green, blue = PALETTE[colour]
    return 0.30 * red + 0.59 * green + 0.11 * blue
