"""The judge reads drawn pictures right, and counts right."""

from dataclasses import replace

import numpy as np
import pytest

from errors import ConfigError
from judging.drawing import draw
from judging.scenes import COLOURS, PLACES, SHAPES, SIDE, SIZES, Scene, random_scene
from judging.seeing import UNKNOWN, see, size_of
from judging.verdict import both_right, verdict
from training.judge import held_out_scenes, load, shares


def sample(count: int, objects: int) -> list[Scene]:
    rng = np.random.default_rng(11)
    return [random_scene(rng, objects) for _ in range(count)]


def test_single_objects_are_read_right() -> None:
    scenes = sample(240, 1)
    assert {s.items[0].shape for s in scenes} == set(SHAPES)
    assert {s.items[0].colour for s in scenes} == {s.background for s in scenes} == set(COLOURS)
    assert {s.items[0].size for s in scenes} == set(SIZES)
    assert {s.place for s in scenes} == set(PLACES)
    right = [all(verdict(scene, seen := see(draw(scene))).values()) and seen.background == scene.background
             for scene in scenes]  # fmt: skip
    assert sum(right) >= 0.99 * len(right)


def test_two_objects_are_read_right() -> None:
    scenes = sample(160, 2)
    right = []
    for scene in scenes:
        seen = see(draw(scene))
        sizes = sorted(size_of(thing, 2) for thing in seen.things)
        right.append(both_right(scene, seen) and sizes == sorted(item.size for item in scene.items))
    assert sum(right) >= 0.99 * len(right)


def test_a_wrong_picture_is_judged_wrong() -> None:
    one, two = sample(1, 1)[0], sample(1, 2)[0]
    item = one.items[0]
    other = next(shape for shape in SHAPES if shape != item.shape)
    assert not verdict(replace(one, items=(replace(item, shape=other),)), see(draw(one)))["shape"]
    turned = {"above": "below", "below": "above", "left of": "right of", "right of": "left of"}
    assert two.relation is not None
    assert not both_right(replace(two, relation=turned[two.relation]), see(draw(two)))
    assert not verdict(one, see(draw(replace(one, items=()))))["shape"]


def test_noise_shows_no_shape() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    assert all(thing.shape == UNKNOWN for thing in see(noise).things)


def test_a_model_that_nothing_has_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--model mini-dali is neither a model of config\.yaml \(mini-sd, .* nor a"):
        load("mini-dali")


def test_shares_of_perfect_and_of_swapped_pictures() -> None:
    scenes = held_out_scenes(12)
    seen = [see(draw(scene)) for scene in scenes]
    assert shares(scenes, seen).passed()
    assert not shares(scenes, seen[2:] + seen[:2]).passed()


@pytest.mark.parametrize("seed", [20261121, 1])
def test_held_out_prompts_are_the_same_every_time(seed: int) -> None:
    assert held_out_scenes(8, seed) == held_out_scenes(8, seed)
