"""Posters: what they show, how they are drawn, read and put into words."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from judging.judge import judged
from judging.posters.drawing import GRASS, INK, PAPER, SKY, draw
from judging.posters.prompts import understood
from judging.posters.scenes import KINDS, PIXELS, SHAPES, Ground, Poster, held_out, random_poster
from judging.posters.seeing import GROUNDS, see
from judging.posters.verdict import both_right, several_right, verdict
from judging.prompts import BESIDE, Asked, AskedItem
from judging.scenes import COLOURS, PALETTE, Item
from judging.seeing import UNKNOWN
from training.posters.captions import ANYWHERE, plain_caption, random_caption, several, vocabulary

MOON_AND_CLOUD = AskedItem("moon"), AskedItem("cloud", "gray", "small")
SUN = Item(shape="sun", colour="yellow", size="large", x=64, y=60, radius=44)


def sample(count: int, kind: str = "", seed: int = 4) -> list[Poster]:
    rng = np.random.default_rng(seed)
    return [random_poster(rng, kind=kind) for _ in range(count)]


def right(poster: Poster) -> bool:
    """Whether the judge reads it as it was drawn."""
    seen = see(draw(poster))
    if several(poster):
        things = several_right(poster, seen)
    else:
        things = both_right(poster, seen) if poster.relation else all(verdict(poster, seen).values())
    return things and seen.ground == poster.ground


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_posters_are_read_right(kind: str) -> None:
    posters = sample(25, kind)
    assert sum(map(right, posters)) >= len(posters) - 1


@pytest.mark.parametrize("shape", SHAPES)
def test_each_thing_is_told_from_the_others(shape: str) -> None:
    for number, colour in list(enumerate(COLOURS))[::5]:
        where = Ground(colour=COLOURS[(number + 1) % len(COLOURS)])
        assert right(Poster(ground=where, items=(replace(SUN, shape=shape, colour=colour, y=64),)))


@pytest.mark.parametrize("where", GROUNDS, ids=lambda where: where.name)
def test_each_ground_is_told_from_the_others(where: Ground) -> None:
    colour = "yellow" if where.colour != "yellow" else "blue"
    assert see(draw(Poster(ground=where, items=(replace(SUN, colour=colour),)))).ground == where


def test_a_poster_by_day_has_sky_grass_and_details() -> None:
    picture = draw(Poster(ground=Ground(time="day"), items=(SUN,)))
    assert picture.shape == (PIXELS, PIXELS, 3)
    assert tuple(picture[0, 0]) == SKY["day"]
    assert tuple(picture[-1, 0]) == GRASS["day"]
    colours = {tuple(int(v) for v in pixel) for pixel in picture.reshape(-1, 3)}
    assert {INK, PALETTE["yellow"]} <= colours
    assert PAPER not in colours  # the sun is light: its details are dark


def test_a_wrong_poster_is_judged_wrong() -> None:
    one = Poster(ground=Ground(colour="blue"), items=(replace(SUN, shape="moon"),))
    found = verdict(replace(one, items=(SUN,)), see(draw(one)))
    assert found == {"colour": True, "shape": False, "size": True, "place": True}
    three = next(poster for poster in sample(9, "several") if len(poster.items) == 3)
    assert not several_right(replace(three, items=three.items[:2]), see(draw(three)))


def test_noise_shows_no_thing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (PIXELS, PIXELS, 3), dtype=np.uint8)
    assert all(thing.shape == UNKNOWN for thing in see(noise).things)


def test_held_out_posters_are_never_trained_on() -> None:
    rng = np.random.default_rng(3)
    assert not any(held_out(random_poster(rng)) for _ in range(300))
    assert all(held_out(random_poster(rng, judging=True)) for _ in range(20))


def test_captions_use_known_words_and_are_understood() -> None:
    rng = np.random.default_rng(8)
    known = {*vocabulary(), ","}
    for poster in sample(600):
        caption = random_caption(poster, rng, fillers=0.0)
        assert {*caption.words} <= known, caption.text
        if caption.words:
            found = understood(caption.text)
            assert found is not None, caption.text
            assert (found.background or "") == ("" if caption.told.ground == ANYWHERE else caption.told.ground.name)
            assert len(found.items) == len(caption.told.items), caption.text
            told = {(item.shape or None, item.colour or None) for item in caption.told.items}
            assert {(item.shape, item.colour) for item in found.items} == told


@pytest.mark.parametrize(
    ("prompt", "asks"),
    [
        ("a yellow house at night", Asked("night", (AskedItem("house", "yellow"),))),
        ("Three red boats on a striped blue background", Asked("striped blue", (AskedItem("boat", "red"),) * 3)),
        ("a moon next to a tiny grey cloud", Asked(None, MOON_AND_CLOUD, None, BESIDE)),
        ("checkered pink background, two fish", Asked("checked pink", (AskedItem("fish"),) * 2)),
        ("by day", Asked("day")),
        ("a red circle on a white background", Asked("white", (AskedItem("circle", "red"),))),
    ],
)  # fmt: skip
def test_what_a_prompt_asks_for(prompt: str, asks: Asked) -> None:
    assert understood(prompt) == asks


@pytest.mark.parametrize(
    "prompt",
    ["", "five red boats", "two large boats", "a house by day at night", "a house on a red background at night",
     "two boats above a moon", "a striped house", "two red boat", "houses"],
)  # fmt: skip
def test_a_prompt_that_may_ask_for_more_is_not_judged(prompt: str) -> None:
    assert understood(prompt) is None


def test_the_judge_of_the_app_reads_posters() -> None:
    scores = []
    for poster in sample(12):
        found = judged(plain_caption(poster), Image.fromarray(draw(poster)))
        assert found is not None
        scores.append(found.score)
    assert sum(score == 1.0 for score in scores) >= 11
    assert judged("two red houses at night", Image.new("RGB", (PIXELS, PIXELS))) is not None
