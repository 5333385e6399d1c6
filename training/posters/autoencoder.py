"""What the autoencoder of mini-sdxl learns from, for 256×256 posters ↔ 16×16 latents of 8 channels.

It begins as mini-sd's, which learns posters of half the size in the same way; then it gets a level more.
"""

from __future__ import annotations

import numpy as np

from judging.drawing import Pixels
from judging.posters.drawing import draw
from judging.posters.scenes import SHAPES, Poster, colour_on, random_ground, random_poster
from judging.scenes import SIDE, Item
from training.shapes.autoencoder import CROWDED

CROPS = ((0.6, 64), (1.0, SIDE))  # up to this share of the steps, crops of so many pixels
GRID = 8  # pixels of a latent: patterns lie on it
CUT = 2  # crops from one poster


def crops(rng: np.random.Generator, side: int, count: int) -> Pixels:
    """(count, side, side, 3): squares cut from posters around one of their things each."""
    found: list[Pixels] = []
    while len(found) < count:
        poster = crowd(rng) if rng.random() < CROWDED else random_poster(rng)
        picture = draw(poster, SIDE, SIDE, 1.0)
        for _ in range(CUT if side < SIDE else 1):
            item = poster.items[rng.integers(len(poster.items))]
            middle = np.array((item.x, item.y)) + rng.uniform(-1.0, 1.0, 2) * item.radius
            x, y = np.clip(middle - side / 2, 0, SIDE - side).astype(int)
            x, y = x - x % GRID, y - y % GRID
            found.append(picture[y : y + side, x : x + side])
    return np.stack(found[:count])


def crowd(rng: np.random.Generator) -> Poster:
    """Many things of any size anywhere, overlapping."""
    ground = random_ground(rng)
    items = [
        Item(
            shape=str(rng.choice(SHAPES)),
            colour=colour_on(ground, rng),
            size="medium",
            x=rng.uniform(0, SIDE),
            y=rng.uniform(0, SIDE),
            radius=rng.uniform(10, 35),
        )
        for _ in range(rng.integers(2, 7))
    ]
    return Poster(ground=ground, items=tuple(items))
