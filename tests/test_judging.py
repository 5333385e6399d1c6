"""What prompts ask for, and how far pictures show it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from judging.drawing import stencil
from judging.judge import judged
from judging.prompts import BESIDE, Asked, AskedItem, understood
from judging.scenes import MARGIN, PALETTE, SIDE, Item, Scene, random_scene
from training.shapes.captions import Caption, plain_caption, random_caption

RING_AND_CROSS = AskedItem("ring"), AskedItem("cross")


def captions(count: int, fillers: float = 0.0) -> list[Caption]:
    rng = np.random.default_rng(17)
    return [random_caption(random_scene(rng, 1 + number % 2), rng, fillers) for number in range(count)]


def told(caption: Caption) -> Asked | None:
    """What the caption's own scene says, less what its words leave out: a medium size, a place in the middle."""
    scene, text = caption.told, caption.text
    if not caption.words:
        return None
    place = scene.place if re.search(r"\b(at|in|on) the ", text) else None
    relation = None if re.search(r"\band\b", text) else BESIDE if re.search("beside|next to", text) else scene.relation
    return Asked(scene.background or None, tuple(map(asked, scene.items)), place, relation)


def asked(item: Item) -> AskedItem:
    return AskedItem(item.shape or None, item.colour or None, item.size if item.size in ("small", "large") else None)


def test_random_captions_are_understood() -> None:
    for caption in captions(4000):
        assert understood(caption.text) == told(caption), caption.text


def test_every_combination_that_is_judged_in_training_is_understood() -> None:
    rng = np.random.default_rng(5)
    for number in range(300):
        scene = random_scene(rng, 1 + number % 2, judging=True)
        found = understood(plain_caption(scene))
        assert found is not None
        assert found.background == scene.background
        assert [(it.colour, it.shape) for it in found.items] == [(it.colour, it.shape) for it in scene.items]


@pytest.mark.parametrize(
    ("prompt", "asks"),
    [
        ("A red circle on a white background.", Asked("white", (AskedItem("circle", "red"),))),
        ("  the  big grey  star, black background", Asked("black", (AskedItem("star", "gray", "large"),))),
        ("a heart in the centre on blue", Asked("blue", (AskedItem("heart"),), ("center", "middle"))),
        ("a tiny shape on the left side", Asked(None, (AskedItem(None, None, "small"),), ("left", "middle"))),
        ("red", Asked(None, (AskedItem(None, "red"),))),
        ("on an orange background", Asked("orange")),
        ("pink background, ring on top of a cross", Asked("pink", RING_AND_CROSS, None, "above")),
        ("a ring and a cross", Asked(None, RING_AND_CROSS)),
        ("a ring next to a cross", Asked(None, RING_AND_CROSS, None, BESIDE)),
    ],
)  # fmt: skip
def test_what_a_prompt_asks_for(prompt: str, asks: Asked) -> None:
    assert understood(prompt) == asks


@pytest.mark.parametrize(
    "prompt",
    [
        "", " ", ".", "a cat", "a red circle on a table", "a beautiful red circle", "a red circle and a cat", "a red",
        "a red circle, a blue square and a green star", "red background, a circle on a blue background", "redcircle",
        "a (red:1.2) circle", "five red circles", "a small large circle", "a circle " * 400,
    ],
)  # fmt: skip
def test_a_prompt_that_may_ask_for_more_is_not_judged(prompt: str) -> None:
    assert understood(prompt) is None
    assert judged(prompt, Image.new("RGB", (SIDE, SIDE))) is None


def test_words_that_mean_nothing_are_never_taken_for_something_else() -> None:
    for caption in captions(2000, fillers=1.0):
        found = understood(caption.text)
        assert found is None or {it.colour for it in found.items} - {None} <= {*caption.words} | {"gray"}


def wide(scene: Scene, width: int, height: int, times: int = 1) -> Image.Image:
    """The scene in a picture of these sides: objects as large as in a square one, as far from the border."""
    picture = Image.new("RGB", (width * times, height * times), PALETTE[scene.background])
    for item in scene.items:
        centre = [_moved(at, item.radius, side) for at, side in ((item.x, width), (item.y, height))]
        mask, corner = stencil(replace(item, x=centre[0], y=centre[1]), times)
        picture.paste(PALETTE[item.colour], corner, mask)
    return picture


def _moved(at: float, radius: float, side: int) -> float:
    """From a square picture's place into one that is longer along this side."""
    reach, longer = SIDE / 2 - MARGIN - radius, side / 2 - MARGIN - radius
    return side / 2 + (at - SIDE / 2) * longer / reach


@pytest.mark.parametrize("sides", [(128, 128, 1), (160, 128, 1), (128, 160, 1), (128, 128, 2), (160, 128, 2)])
def test_what_is_drawn_as_asked_is_all_right(sides: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(23)
    scores = []
    for number in range(80):
        scene = random_scene(rng, 1 + number % 2)
        found = judged(random_caption(scene, rng, 0.0).text, wide(scene, *sides))
        if found is not None:
            scores.append(found.score)
    assert len(scores) > 60
    assert sum(score == 1.0 for score in scores) >= 0.98 * len(scores)


def test_a_score_is_the_share_that_is_right() -> None:
    circle = Item(shape="circle", colour="red", size="large", x=64, y=64, radius=46)
    picture = wide(Scene(background="white", items=(circle,)), SIDE, SIDE)
    found = judged("a small red square on a white background", picture)
    assert found is not None
    assert {part.what: part.right for part in found.parts} == {
        "background": True, "number": True, "shape": False, "colour": True, "size": False,
    }  # fmt: skip
    assert found.score == pytest.approx(3 / 5)
    shape = next(part for part in found.parts if part.what == "shape")
    assert (shape.asked, shape.seen, shape.item) == ("square", "circle", 0)


def test_objects_are_matched_in_favour_of_the_picture() -> None:
    items = [Item(shape="star", colour="blue", size="medium", x=33, y=64, radius=20),
             Item(shape="ring", colour="green", size="medium", x=95, y=64, radius=20)]  # fmt: skip
    picture = wide(Scene(background="white", items=tuple(items)), SIDE, SIDE)
    right, beside = judged("a green ring to the right of a blue star", picture), judged("a ring beside a star", picture)
    wrong = judged("a green ring to the left of a blue star", picture)
    assert right is not None
    assert beside is not None
    assert wrong is not None
    assert right.score == beside.score == 1.0
    assert [part.what for part in wrong.parts if not part.right] == ["relation"]


def test_an_empty_picture_is_right_about_its_background_alone() -> None:
    found = judged("a red circle on a white background", Image.new("RGB", (SIDE, SIDE), PALETTE["white"]))
    assert found is not None
    assert [part.what for part in found.parts if part.right] == ["background"]
    assert [part.seen for part in found.parts if part.item == 0] == ["", ""]


@pytest.mark.parametrize(
    ("width", "height", "can"),
    [(128, 128, True), (160, 128, True), (128, 160, True), (256, 256, True), (96, 96, False), (512, 512, False),
     (256, 128, False)],
)  # fmt: skip
def test_which_pictures_can_be_judged(width: int, height: int, can: bool) -> None:
    found = judged("a red circle", Image.new("RGB", (width, height), PALETTE["white"]))
    assert (found is not None) is can


def test_any_picture_can_be_looked_at() -> None:
    rng = np.random.default_rng(9)
    for number in range(60):
        grain = int(rng.integers(1, 40))  # from noise to a few large patches
        small = rng.integers(0, 256, (128 // grain + 2, 160 // grain + 2, 3), dtype=np.uint8)
        kind = Image.Resampling.NEAREST if number % 2 else Image.Resampling.BICUBIC
        found = judged("a small red ring above a blue shape", Image.fromarray(small).resize((160, 128), kind))
        assert found is not None
        assert 0.0 <= found.score < 1.0
