"""What minis draw: the prompts that they are asked, what their pictures get right, and how it is drawn without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judging import drawing, scenes, seeing, verdict
from judging.drawing import Pixels
from judging.posters import drawing as poster_drawing
from judging.posters import scenes as posters
from judging.posters import seeing as poster_seeing
from judging.posters import verdict as poster_verdict
from judging.posters.scenes import Poster
from judging.scenes import COLOURS, Scene
from models.spec import Family
from training.posters import captions as poster_captions
from training.shapes import captions

RIGHT, WRONG, NOT_ASKED = "1", "0", "-"
HELD_OUT_SEED = 20261121  # the same as in training/judge.py

Marks = Mapping[str, str]  # what was asked for → one of the three characters above for each prompt
Labels = NDArray[np.float32]  # (pictures, labels), 0 or 1
Shown = Any  # a Scene or a Poster: each world's functions take its own


@dataclass(frozen=True, kw_only=True)
class World:
    """Prompts that were never trained on, always the same ones, and who judges their pictures."""

    name: str
    aspects: tuple[str, ...]  # of its marks: those that are compared
    extent: str  # what each of them is the share of, in words
    invent: Callable[
        [np.random.Generator, int, bool], Shown
    ]  # the picture of that number; for judging, or for training
    caption: Callable[[Shown], str]
    draw: Callable[[Shown], Pixels]
    judge: Callable[[Shown, Pixels], dict[str, bool]]  # what was asked for → whether it is right
    labels: Callable[[Shown], list[bool]]  # what it shows, for a classifier

    def asked(self, count: int) -> list[Shown]:
        """What the first prompts ask for."""
        rng = np.random.default_rng(HELD_OUT_SEED)
        return [self.invent(rng, number, True) for number in range(count)]

    def prompts(self, count: int) -> list[str]:
        """The first so many."""
        return [self.caption(one) for one in self.asked(count)]

    def marks(self, pictures: Sequence[Pixels]) -> Marks:
        """What is right of the pictures of the first prompts."""
        each = [self.judge(*pair) for pair in zip(self.asked(len(pictures)), pictures, strict=True)]
        names = dict.fromkeys((*self.aspects, *(name for one in each for name in one)))
        sign = {True: RIGHT, False: WRONG, None: NOT_ASKED}
        return {name: "".join(sign[one.get(name)] for one in each) for name in names}

    def answers(self, count: int) -> list[Pixels]:
        """The pictures that the first prompts ask for, drawn without a model."""
        return [self.draw(one) for one in self.asked(count)]

    def drawn(self, count: int, seed: int, *, judging: bool) -> tuple[list[Pixels], Labels]:
        """Other drawn pictures, of combinations for judging or for training, and what they show: (count, labels)."""
        rng = np.random.default_rng(seed)
        all_of_it = [self.invent(rng, number, judging) for number in range(count)]
        labels = np.array([self.labels(one) for one in all_of_it], np.float32)
        return [self.draw(one) for one in all_of_it], labels


def _scene(rng: np.random.Generator, number: int, judging: bool) -> Scene:
    """With one object and with two in turn."""
    return scenes.random_scene(rng, 1 + number % 2, judging=judging)


def _scene_judged(scene: Scene, picture: Pixels) -> dict[str, bool]:
    found = seeing.see(picture)
    ground = {"background": found.background == scene.background}
    if len(scene.items) == 2:
        return ground | {"relation": verdict.both_right(scene, found)}
    return ground | verdict.verdict(scene, found)


def _scene_labels(scene: Scene) -> list[bool]:
    """Whether there are two, the background's colour, which shapes and which colours."""
    return [
        len(scene.items) == 2,
        *(colour == scene.background for colour in COLOURS),
        *_either(scene.items, scenes.SHAPES),
    ]


def _poster(rng: np.random.Generator, number: int, judging: bool) -> Poster:
    """With one thing, with two, and with several of the same in turn."""
    kinds = tuple(posters.KINDS)
    return posters.random_poster(rng, kind=kinds[number % len(kinds)], judging=judging)


def _poster_judged(poster: Poster, picture: Pixels) -> dict[str, bool]:
    found = poster_seeing.see(picture)
    ground = {"background": found.ground == poster.ground}
    if len(poster.items) == 1:
        return ground | poster_verdict.verdict(poster, found)
    if poster.relation is not None:
        return ground | {"relation": poster_verdict.both_right(poster, found)}
    return ground | {"number": poster_verdict.several_right(poster, found)}


def _poster_labels(poster: Poster) -> list[bool]:
    """How many there are, the ground, which things and which colours."""
    ground = poster.ground
    return [
        *(len(poster.items) == count for count in range(1, posters.MOST + 1)),
        *(colour == ground.colour for colour in COLOURS),
        *(pattern == ground.pattern for pattern in posters.PATTERNS),
        *(time == ground.time for time in posters.TIMES),
        *_either(poster.items, posters.SHAPES),
    ]


def _either(items: Sequence[scenes.Item], shapes: Sequence[str]) -> list[bool]:
    """Whether one of the items has that shape, and that colour."""
    return [
        *(any(item.shape == shape for item in items) for shape in shapes),
        *(any(item.colour == colour for item in items) for colour in COLOURS),
    ]


SHAPES = World(
    name="shapes",
    aspects=("background", "colour", "shape", "relation"),
    extent=(
        "background: of all pictures; colour, shape: of those with one object; "
        "relation: of those with two, and only where both colours and both shapes are right as well"
    ),
    invent=_scene,
    caption=captions.plain_caption,
    draw=drawing.draw,
    judge=_scene_judged,
    labels=_scene_labels,
)
POSTERS = World(
    name="posters",
    aspects=("background", "colour", "shape", "number", "relation"),
    extent=(
        "background: ground and pattern, of all; colour, shape: of those with one thing; number: of those with "
        "several of the same, all of them right; relation: of those with two, all of both right as well"
    ),
    invent=_poster,
    caption=poster_captions.plain_caption,
    draw=poster_drawing.draw,
    judge=_poster_judged,
    labels=_poster_labels,
)
# Which world the minis of a family draw.
WORLDS: Mapping[Family, World] = MappingProxyType(
    {Family.SD: SHAPES, Family.DECIDIFFUSION: SHAPES, Family.SDXL: POSTERS}
)
