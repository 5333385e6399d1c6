"""What may be asked, and how the rest is refused: before any work, naming the field, saying what is accepted."""

import math
from typing import Any

import pytest

import config
from errors import InvalidRequest
from generation.request import MAX_SEED, GenerationRequest, check, complete
from generation.settings import Limits
from tests.published import CONFIG, SPECS

MODELS = {spec.name: spec for spec in config.load(CONFIG).models}
SPEC = MODELS["stable-diffusion-v1-4"]
LIMITS = Limits()


def ask(**asked: Any) -> GenerationRequest:
    return complete({"prompt": "a cat"} | asked, MODELS, SPEC.name, LIMITS)


@pytest.mark.parametrize("model", MODELS)
def test_a_prompt_is_enough(model: str) -> None:
    spec, made = MODELS[model], ask(model=model)
    assert (made.steps, made.width, made.height) == (spec.steps.default, spec.size.width, spec.size.height)
    assert (made.negative_prompt, made.sampler, made.count) == (spec.negative_prompt, spec.sampler, 1)
    assert 0 <= made.seed <= MAX_SEED


DISTILLED = {"distilled": SPECS["distilled"]}


def test_a_negative_prompt_is_refused_where_there_is_no_second_pass() -> None:
    with pytest.raises(InvalidRequest, match=r"Negative prompt is 'blue', but distilled takes none: .* Leave it empty"):
        complete({"prompt": "a", "negative_prompt": "blue"}, DISTILLED, "distilled", LIMITS)
    for blank in ("", " \n"):
        complete({"prompt": "a", "negative_prompt": blank}, DISTILLED, "distilled", LIMITS)


def test_a_sampler_that_a_model_does_not_draw_with_is_refused() -> None:
    assert complete({"prompt": "a", "sampler": "Euler"}, DISTILLED, "distilled", LIMITS).sampler == "Euler"
    said = r"Sampler is 'Heun', which distilled does not draw with\. Choose one of: Default, DDIM, Euler\."
    with pytest.raises(InvalidRequest, match=said):
        complete({"prompt": "a", "sampler": "Heun"}, DISTILLED, "distilled", LIMITS)


def test_a_random_seed_is_drawn_each_time() -> None:
    assert len({ask(seed=seed).seed for seed in (-1, None) for _ in range(5)}) == 10


WRONG: list[tuple[str, Any, str]] = [
    *[
        ("guidance_scale", value, "Guidance scale is")
        for value in (math.nan, math.inf, -math.inf, 0.0, -1, 31, "7", True)
    ],
    *[("steps", value, "Steps is") for value in (0, -1, 1e9, 10**9, 4.5, "4", True, math.nan, [4], 10**400)],
    *[("width", value, "Width is") for value in (511, -512, 0, 7, 10**400 + 1, 512.5, "512", True)],
    *[("height", value, "Height is") for value in (511, -512, 0)],
    *[("seed", value, "Seed is") for value in (-2, MAX_SEED + 1, 10**30, 1.5, "7", True)],
    *[("count", value, "Count is") for value in (0, -1, 9, 1.0, "2", True)],
    *[("model", value, "Model is") for value in ("", "SSD-1B", "../ssd-1b", 5, b"ssd-1b")],
    *[("sampler", value, "Sampler is") for value in ("", "euler", "Euler\x00", 3)],
]
TEXTS: list[tuple[Any, str]] = [
    ("x" * (1 << 20), "1048576 characters"),
    ("x" * 4001, "4001 characters"),
    ("a\x00b", r"U\+0000"),
    ("\x1b[31mred\x1b[0m", r"U\+001B"),
    ("\x9b31m", r"U\+009B"),
    ("bell\x07", r"U\+0007"),
    ("\ud800 alone", r"U\+D800"),
    (b"bytes", "Give a text"),
    (5, "Give a text"),
    (["a", "b"], "Give a text"),
    ({"a": 1}, "Give a text"),
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG, ids=repr)
def test_wrong_values_are_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as refused:
        ask(**{field: value})
    assert refused.value.field == field
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(("text", "message"), TEXTS, ids=[repr(text)[:20] for text, _ in TEXTS])
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_texts_that_are_none_are_refused(field: str, text: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as refused:
        ask(**{field: text})
    assert refused.value.field == field
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "text", ["", "x" * 4000, "lines\nand\ttabs\r\n", "<b>*bold*</b>", "日本語 🎨", "\u202eright to left", "👩‍🎨"]
)
def test_any_other_text_is_taken_literally(text: str) -> None:
    assert ask(prompt=text, negative_prompt=text).prompt == text


def test_a_prompt_is_needed_and_nothing_unknown() -> None:
    with pytest.raises(InvalidRequest, match="Prompt is missing"):
        complete({}, MODELS, SPEC.name, LIMITS)
    with pytest.raises(InvalidRequest, match=r"'stpes' is not a setting. Settings are: prompt, "):
        ask(stpes=4)
    with pytest.raises(InvalidRequest, match="not a setting"):
        ask(**{"\x1b[2J": 1})


@pytest.mark.parametrize("model", MODELS)
def test_the_pixel_budget(model: str) -> None:
    """One step of the size multiple decides."""
    spec = MODELS[model]
    step, side = spec.size_multiple, spec.size.width
    most = spec.max_pixels // side // step * step
    assert ask(model=model, width=side, height=most).height == most
    with pytest.raises(InvalidRequest, match="pixels"):
        ask(model=model, width=side, height=most + step)


def test_a_number_that_python_would_not_spell_out_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Seed is a whole number of 16610 bits"):
        ask(seed=10**5000)


def test_the_last_picture_has_a_seed_too() -> None:
    assert ask(seed=MAX_SEED - 7, count=8).seed == MAX_SEED - 7
    with pytest.raises(InvalidRequest, match=f"Accepted for 8 pictures are 0 to {MAX_SEED - 7}"):
        ask(seed=MAX_SEED - 6, count=8)


def test_a_model_without_guidance_takes_none() -> None:
    spec = SPEC.model_copy(update={"guidance_scale": None})
    models = {spec.name: spec}
    assert complete({"prompt": "x"}, models, spec.name, LIMITS).guidance_scale is None
    with pytest.raises(InvalidRequest, match=r"takes none. Leave it out"):
        complete({"prompt": "x", "guidance_scale": 7.5}, models, spec.name, LIMITS)


def test_a_request_outlives_its_model_but_is_checked_again() -> None:
    made = ask(steps=150)
    assert GenerationRequest.model_validate_json(made.model_dump_json()) == made
    smaller = SPEC.model_copy(update={"steps": SPEC.steps.model_copy(update={"high": 20, "default": 20})})
    with pytest.raises(InvalidRequest, match=r"Steps is 150. Accepted are 1 to 20"):
        check(made, smaller, LIMITS)
