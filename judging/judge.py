"""How far a picture shows what its prompt asks for: the share of it that is right. Loads scipy when it judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from judging.posters import prompts as posters
from judging.posters.scenes import PIXELS
from judging.posters.scenes import RADII as POSTER_RADII
from judging.prompts import BESIDE, Asked, understood
from judging.scenes import RADII, SIDE

if TYPE_CHECKING:  # loads scipy
    from judging.seeing import Seen, Thing

LONGEST = 1.25  # longer side in shorter ones: 160x128 is what the minis draw at most
LARGEST = 2.0  # times SIDE: what is larger was drawn by other models, whose shapes have light and texture
MOST = 6  # objects looked at; of more, the largest


Radii = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class Part:
    """One thing that the prompt asks for."""

    what: str  # "background", "number", "shape", "colour", "size", "place", "relation"
    item: int | None  # which object, from 0; None: it is not of one object
    asked: str
    seen: str  # empty: nothing was
    right: bool


@dataclass(frozen=True)
class Judgement:
    """What is right of a picture."""

    parts: tuple[Part, ...]

    @property
    def score(self) -> float:
        """0 to 1: the share of the parts that are right."""
        return sum(part.right for part in self.parts) / len(self.parts)


def judged(prompt: str, picture: Image.Image) -> Judgement | None:
    """None: the prompt is not one of the minis', or the picture's size is none that can be looked at."""
    if not visible(picture.width, picture.height):
        return None
    if asked := understood(prompt):
        from judging.seeing import see

        return compared(asked, see(_scaled(picture, SIDE)))
    if asked := posters.understood(prompt):
        from judging.posters.seeing import see as see_poster

        return compared(asked, see_poster(_scaled(picture, PIXELS)), POSTER_RADII)
    return None


def visible(width: int, height: int) -> bool:
    """Whether a picture of so many pixels can be judged."""
    short, long = sorted((width, height))
    return SIDE <= short <= LARGEST * SIDE and long <= LONGEST * short


def compared(asked: Asked, seen: Seen, radii: Radii = RADII) -> Judgement:
    """What was seen beside what was asked for; objects are matched in the way that finds most of it right.

    `radii` of each size, by the number of objects.
    """
    ground = [] if asked.background is None else [_part("background", asked.background, seen.background)]
    if not asked.items:
        return Judgement(tuple(ground))
    number = _part("number", str(len(asked.items)), str(len(seen.things)))
    things = sorted(seen.things, key=lambda thing: -thing.radius)[:MOST]
    candidates = permutations([*things, *[None] * len(asked.items)], len(asked.items))
    matches = [[*_items(asked, chosen, seen, radii), *_between(asked, chosen)] for chosen in candidates]
    best = max(matches, key=lambda parts: sum(part.right for part in parts))
    return Judgement((*ground, number, *best))


def _items(asked: Asked, chosen: Sequence[Thing | None], seen: Seen, radii: Radii) -> Iterator[Part]:
    """What is asked of each object."""
    from judging.seeing import place_of, size_of

    for index, (item, thing) in enumerate(zip(asked.items, chosen, strict=True)):
        for what in ("shape", "colour"):
            if wanted := getattr(item, what):
                yield _part(what, wanted, "" if thing is None else getattr(thing, what), index)
        if item.size:
            yield _part("size", item.size, "" if thing is None else size_of(thing, len(asked.items), radii), index)
        if asked.place:
            there = () if thing is None else place_of(thing, seen.width, seen.height)
            yield _part("place", " ".join(asked.place), " ".join(there), index)


def _between(asked: Asked, chosen: Sequence[Thing | None]) -> Iterator[Part]:
    """How the two objects are to stand to each other."""
    from judging.seeing import relation_of

    if asked.relation is None:
        return
    first, second = chosen
    found = "" if first is None or second is None else relation_of(first, second)
    beside = asked.relation == BESIDE and found in ("left of", "right of")
    yield Part("relation", None, asked.relation, found, beside or found == asked.relation)


def _part(what: str, asked: str, seen: str, item: int | None = None) -> Part:
    return Part(what, item, asked, seen, asked == seen)


def _scaled(picture: Image.Image, side: int) -> NDArray[np.uint8]:
    """Its shorter side as long as those of the pictures that sizes are known of."""
    shorter = min(picture.size)
    sides = (round(picture.width * side / shorter), round(picture.height * side / shorter))
    return np.asarray(picture.convert("RGB").resize(sides, Image.Resampling.BOX))
