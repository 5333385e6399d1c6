"""What minis draw: the prompts that they are asked, what their pictures get right, and how it is drawn without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judging.drawing import Pixels, draw
from judging.scenes import COLOURS, SHAPES, Scene, random_scene
from judging.seeing import Seen, see
from judging.verdict import both_right, verdict
from models.spec import Family
from training.captions import plain_caption
from training.judge import held_out_scenes

RIGHT, WRONG, NOT_ASKED = "1", "0", "-"

Marks = Mapping[str, str]  # what was asked for → one of the three characters above for each prompt
Labels = NDArray[np.float32]  # (pictures, labels), 0 or 1


class World(Protocol):
    """Prompts that were never trained on, always the same ones, and who judges their pictures."""

    name: str
    aspects: tuple[str, ...]  # of its marks: those that are compared
    extent: str  # what each of them is the share of, in words

    def prompts(self, count: int) -> list[str]:
        """The first so many."""

    def marks(self, pictures: Sequence[Pixels]) -> Marks:
        """What is right of the pictures of the first prompts."""

    def answers(self, count: int) -> list[Pixels]:
        """The pictures that the first prompts ask for, drawn without a model."""

    def drawn(self, count: int, seed: int, *, judging: bool) -> tuple[list[Pixels], Labels]:
        """Other drawn pictures, of combinations for judging or for training, and what they show."""


class Shapes:
    """One or two flat shapes on a plain ground."""

    name = "shapes"
    aspects: tuple[str, ...] = ("background", "colour", "shape", "relation")
    extent = (
        "background: of all pictures; colour, shape: of those with one object; "
        "relation: of those with two, and only where both colours and both shapes are right as well"
    )

    def prompts(self, count: int) -> list[str]:
        return [plain_caption(scene) for scene in held_out_scenes(count)]

    def marks(self, pictures: Sequence[Pixels]) -> Marks:
        scenes = held_out_scenes(len(pictures))
        each = [_marked(scene, see(picture)) for scene, picture in zip(scenes, pictures, strict=True)]
        names = ("background", "colour", "shape", "size", "place", "relation")
        return {name: "".join(marks.get(name, NOT_ASKED) for marks in each) for name in names}

    def answers(self, count: int) -> list[Pixels]:
        return [draw(scene) for scene in held_out_scenes(count)]

    def drawn(self, count: int, seed: int, *, judging: bool) -> tuple[list[Pixels], Labels]:
        rng = np.random.default_rng(seed)
        scenes = [random_scene(rng, 1 + number % 2, judging=judging) for number in range(count)]
        return [draw(scene) for scene in scenes], np.stack([_labels(scene) for scene in scenes])


def _marked(scene: Scene, seen: Seen) -> dict[str, str]:
    found = {"background": seen.background == scene.background}
    found |= verdict(scene, seen) if len(scene.items) == 1 else {"relation": both_right(scene, seen)}
    return {name: RIGHT if right else WRONG for name, right in found.items()}


def _labels(scene: Scene) -> Labels:
    """The background's colour, how many objects, which shapes and which colours: (1 + 12 + 8 + 12,)."""
    shown = np.concatenate(
        [
            [len(scene.items) == 2],
            [colour == scene.background for colour in COLOURS],
            [any(item.shape == shape for item in scene.items) for shape in SHAPES],
            [any(item.colour == colour for item in scene.items) for colour in COLOURS],
        ]
    )
    return shown.astype(np.float32)


# Which world the minis of a family draw.
SHAPES_WORLD: World = Shapes()
WORLDS: Mapping[Family, World] = MappingProxyType({Family.SD: SHAPES_WORLD, Family.DECIDIFFUSION: SHAPES_WORLD})
