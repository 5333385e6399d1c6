"""Prompts of any length and weight become what the pipeline is given; plain ones exactly what it makes itself."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from generation.prompts import Text, encode
from generation.request import GenerationRequest
from models.loading import Loaded
from tests.test_queue import REQUEST

LOADED = Callable[[str], Loaded]
NASTY = [
    "(a:0.5)", "(:0.5) x", "( :0.5) x", "(!:0.7) !!! (wow!:1.3)", "x++ (y)-- .and() (a, b).blend(1, 2)", '"q".swap(z)',
    "(<|endoftext|>:0.5) x", "\u200b(\u200b:0.4)", "(日本:1.4) 🎨", "(a:-2)(b:100)", r"\(", "BREAK (x:0.3)",
    "(a b c:0.2)" * 30, "word, " * 200, "!" * 200, "(" * 50, ":" * 90 + ")",
]  # fmt: skip


def texts(loaded: Loaded, prompt: str, negative: str = "", guidance: float = 7.0) -> Text:
    request = GenerationRequest.model_validate(
        REQUEST.model_dump() | {"prompt": prompt, "negative_prompt": negative, "guidance_scale": guidance}
    )
    with torch.no_grad():
        return encode(loaded.pipeline, loaded.spec, request)


@pytest.mark.parametrize("name", ["sd", "sdxl", "decidiffusion"])
@pytest.mark.parametrize("negative", ["", "ugly"])
def test_a_plain_prompt_becomes_what_the_pipeline_makes(tiny: LOADED, name: str, negative: str) -> None:
    loaded = tiny(name)
    with torch.no_grad():
        made = loaded.pipeline.encode_prompt(
            prompt="a cat", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True,
            negative_prompt=negative or None,
        )  # fmt: skip
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    text = texts(loaded, "a cat", negative)
    assert text.notes == ()
    assert list(text.arguments) == [name for name in text.arguments if name in names[: len(made)]]
    for key, expected in zip(names, made, strict=False):
        assert torch.equal(text.arguments[key], expected), key


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_weights_change_and_neutral_ones_do_not(tiny: LOADED, name: str) -> None:
    plain, neutral, more, less = (
        texts(tiny(name), prompt).arguments["prompt_embeds"]
        for prompt in ("a cat on a mat", "a (cat:1.0) on a mat", "a (cat:1.4) on a mat", "a (cat:0.4) on a mat")
    )
    assert torch.equal(plain, neutral)
    assert not torch.equal(plain, more)
    assert not torch.equal(plain, less)
    assert plain.shape == more.shape == less.shape
    assert plain.dtype == more.dtype
    for other in (more, less):
        assert bool(other.isfinite().all())


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_long_prompts_are_not_cut(tiny: LOADED, name: str) -> None:
    head = "a b c d e f g " * 10  # a letter is a token there: 70 tokens
    short, long, longer = head, head + "x y z, " * 5, head + "x y z, " * 4 + "x y q, "
    a, b, c = (texts(tiny(name), prompt, "ugly").arguments for prompt in (short, long, longer))
    assert a["prompt_embeds"].shape[1] == 77
    assert b["prompt_embeds"].shape[1] == 154
    assert b["negative_prompt_embeds"].shape == b["prompt_embeds"].shape
    assert not torch.equal(b["prompt_embeds"], c["prompt_embeds"])  # its last word counts
    both = texts(tiny(name), "short", "u v w, " * 40).arguments
    assert both["prompt_embeds"].shape == both["negative_prompt_embeds"].shape


@pytest.mark.parametrize("name", ["sd", "sdxl"])
@pytest.mark.parametrize("prompt", NASTY, ids=[prompt[:12].encode("ascii", "replace").decode() for prompt in NASTY])
def test_anything_can_be_a_prompt(tiny: LOADED, name: str, prompt: str) -> None:
    made = texts(tiny(name), prompt, prompt[::-1]).arguments
    assert made["prompt_embeds"].shape == made["negative_prompt_embeds"].shape
    assert bool(made["prompt_embeds"].isfinite().all())


def test_brackets_that_mean_themselves(tiny: LOADED) -> None:
    plain = tiny("sd").pipeline.encode_prompt(
        prompt="a (cat)", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
    )[0]
    assert torch.equal(texts(tiny("sd"), r"a \(cat\)").arguments["prompt_embeds"], plain)


def test_without_guidance_the_negative_prompt_is_not_read_and_that_is_said(tiny: LOADED) -> None:
    text = texts(tiny("sd"), "a cat", "ugly", guidance=1.0)
    assert set(text.arguments) == {"prompt_embeds"}
    assert "guidance scale above 1" in text.notes[0]


def test_unknown_words_are_named(tiny: LOADED) -> None:
    loaded: Any = tiny("sd")
    spec = loaded.spec.model_copy(update={"vocabulary": True})
    text = encode(loaded.pipeline, spec, REQUEST.model_copy(update={"prompt": "a (zebra:1.2), a quokka"}))
    assert text.notes == ("Words that this model does not know, and ignored: zebra, quokka.",)
