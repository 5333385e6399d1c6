"""Models whose U-Net takes the guidance scale itself, at the doors for programs. Nothing is loaded."""

from typing import Any

import pytest

from api.a1111.asked import Txt2Img
from api.a1111.wanted import request
from api.openai.asked import Asked
from errors import InvalidRequest
from generation.engine import Engine
from generation.request import GenerationRequest
from models.registry import registry
from tests.published import SPECS

ENGINE = Engine(registry([SPECS["distilled"]]), default_model="distilled", device="cpu")
NO_NEGATIVE = "Negative prompt is 'lowres, ugly', but distilled takes none"


def a1111(**asked: Any) -> GenerationRequest:
    return request(Txt2Img(prompt="a", **asked), ENGINE, "distilled")


def openai(**asked: Any) -> GenerationRequest:
    return ENGINE.request(Asked(prompt="a", **asked).settings("distilled"))


def test_what_clients_send_that_mean_nothing_by_it_is_fine() -> None:
    made = a1111(negative_prompt="", steps=4, cfg_scale=2.5, sampler_name="Euler", scheduler="automatic")
    assert (made.negative_prompt, made.steps, made.guidance_scale, made.sampler) == ("", 4, 2.5, "Euler")
    assert openai(negative_prompt=None, n=1, size="auto", quality="auto").guidance_scale == 3.0


def test_a_clients_own_negative_prompt_is_refused() -> None:
    for ask in (a1111, openai):
        with pytest.raises(InvalidRequest, match=NO_NEGATIVE) as refused:
            ask(negative_prompt="lowres, ugly")
        assert refused.value.field == "negative_prompt"


def test_a_clients_own_sampler_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"Sampler is 'DPM\+\+ 2M Karras', which distilled does not draw with\."):
        a1111(sampler_name="DPM++ 2M", scheduler="Karras", steps=4, cfg_scale=2.0)
    with pytest.raises(InvalidRequest, match=r"Steps is 20\. Accepted are 1 to 8; 4 is the default"):
        a1111(steps=20)
