"""Scenes, their pictures and their captions."""

import numpy as np
import pytest

from judging.drawing import draw
from judging.scenes import COLOURS, PALETTE, SHAPES, SIDE, Item, Scene, held_out, random_scene
from judging.seeing import nearest_colours
from training.shapes.captions import random_caption, vocabulary


def scenes(count: int, seed: int = 0, *, judging: bool = False) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [random_scene(rng, 1 + number % 2, judging=judging) for number in range(count)]


def test_the_same_seed_draws_the_same_picture() -> None:
    first, second, other = (np.stack([draw(s) for s in scenes(6, seed)]) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_shape_has_its_true_colour_on_plain_ground(shape: str, colour: str) -> None:
    ground = "white" if colour != "white" else "black"
    item = Item(shape=shape, colour=colour, size="medium", x=128, y=128, radius=58)
    picture = draw(Scene(background=ground, items=(item,)))
    colours = {tuple(int(v) for v in pixel) for pixel in picture.reshape(-1, 3)}
    assert picture.shape == (SIDE, SIDE, 3)
    assert {PALETTE[colour], PALETTE[ground]} <= colours
    assert tuple(picture[0, 0]) == PALETTE[ground]


def test_edges_are_antialiased_and_nothing_else_is_mixed() -> None:
    item = Item(shape="circle", colour="black", size="large", x=128, y=128, radius=90)
    picture = draw(Scene(background="white", items=(item,)))
    pure = [(picture == PALETTE[colour]).all(-1) for colour in ("black", "white")]
    mixed = ~(pure[0] | pure[1])
    assert 0 < mixed.sum() < 2 * np.pi * 90 * 2.5


def test_objects_stay_inside_and_apart() -> None:
    for scene in scenes(100):
        ground = COLOURS.index(scene.background)
        nearest = nearest_colours(draw(scene))
        assert all((edge == ground).all() for edge in (nearest[0], nearest[-1], nearest[:, 0], nearest[:, -1]))


def test_held_out_combinations_are_never_trained_on() -> None:
    assert not any(held_out(scene) for scene in scenes(200))
    assert all(held_out(scene) for scene in scenes(50, judging=True))


def test_a_caption_tells_what_the_scene_shows() -> None:
    rng = np.random.default_rng(3)
    for scene in scenes(300):
        caption = random_caption(scene, rng)
        shown = {scene.background, *(item.colour for item in scene.items)}
        named = {"gray" if word == "grey" else word for word in caption.words} & set(COLOURS)
        assert named <= shown
        assert set(caption.words) & set(SHAPES) <= {item.shape for item in scene.items}
        for noun, item in zip(caption.nouns, caption.told.items, strict=True):
            assert noun == -1 or caption.words[noun] in (item.shape, "shape")


def test_some_captions_leave_things_open() -> None:
    rng = np.random.default_rng(4)
    told = [random_caption(scene, rng).told for scene in scenes(400)]
    assert any(not scene.background and not scene.items for scene in told)
    assert any(not scene.background and scene.items for scene in told)
    assert any(item.shape and not item.colour for scene in told for item in scene.items)
    assert any(item.colour and not item.shape for scene in told for item in scene.items)


def test_the_vocabulary_names_every_shape_and_colour() -> None:
    assert {*SHAPES, *COLOURS, "small", "large", "above", "below", "background"} <= set(vocabulary())
