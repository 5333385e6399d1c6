"""Requests become pictures: the same ones each time, whatever is shown on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from errors import GenerationFailed
from generation import infotext, samplers
from generation.denoise import Outcome, Run
from generation.events import Decoding, Developed, Encoding, Event, Frame, Step
from generation.preview import Previewer
from generation.request import GenerationRequest
from generation.settings import Preview, PreviewMode
from generation.tiny_decoders import TinyDecoders
from models.device import Device
from models.loading import Loaded
from models.registry import registry
from models.residency import Residency
from tests import published
from tests.tiny import KINDS, Checkpoints

LOADED = Callable[[str], Loaded]


def request(loaded: Loaded, **changes: Any) -> GenerationRequest:
    asked = {
        "prompt": "a cat", "negative_prompt": "", "model": loaded.spec.name, "steps": 3, "guidance_scale": 5.0,
        "width": 64, "height": 64, "seed": 1, "sampler": "Default", "count": 1,
    }  # fmt: skip
    return GenerationRequest.model_validate(asked | changes)


def develop(
    loaded: Loaded, made: GenerationRequest, mode: PreviewMode = "off", told: list[Event] | None = None
) -> Outcome:
    previewer = Previewer(Preview(per_second=30.0), mode, loaded, TinyDecoders(), lambda event: None)
    return Run(loaded, made, previewer, (told if told is not None else []).append)()


def pngs(outcome: Outcome) -> list[bytes]:
    return [picture.png for picture in outcome.pictures]


def predicting_v(loaded: Loaded) -> Loaded:
    return replace(loaded, scheduler_config={**loaded.scheduler_config, "prediction_type": "v_prediction"})


@pytest.mark.parametrize("sampler", samplers.SAMPLERS)
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "zero-snr"])
def test_every_sampler_repeats_itself_with_and_without_previews(tiny: LOADED, sampler: str, kind: str) -> None:
    loaded = tiny("decidiffusion" if kind == "zero-snr" else "bk")
    loaded = predicting_v(loaded) if kind == "v_prediction" else loaded
    made = request(loaded, sampler=sampler, guidance_scale=1.0)
    told: list[Event] = []
    first, second = develop(loaded, made), develop(loaded, made, "linear", told)
    assert pngs(first) == pngs(second)
    steps = [event for event in told if isinstance(event, Step)]
    assert [step.done for step in steps] == [0, 1, 2, 3]
    assert [step.frame.step for step in steps if step.frame] == [1, 2, 3]


@pytest.mark.parametrize("name", KINDS)
def test_a_plain_request_gives_the_pictures_of_the_bare_pipeline(tiny: LOADED, name: str) -> None:
    loaded = tiny(name)
    made = request(loaded, negative_prompt="ugly" if loaded.spec.takes_negative_prompt else "")
    ours = np.asarray(Image.open(BytesIO(develop(loaded, made, "linear").pictures[0].png)))
    bare = loaded.pipeline(
        made.prompt, negative_prompt=made.negative_prompt, width=64, height=64, num_inference_steps=3,
        guidance_scale=5.0, guidance_rescale=loaded.spec.guidance_rescale, generator=torch.Generator().manual_seed(1),
    ).images[0]  # fmt: skip
    assert np.array_equal(ours, np.asarray(bare))


def test_costly_previews_change_nothing_either(tiny: LOADED) -> None:
    loaded = tiny("sdxl")
    told: list[Event] = []
    made = request(loaded, sampler="Euler a")
    outcome = develop(loaded, made, "vae", told)
    assert pngs(outcome) == pngs(develop(loaded, made))
    frames = [event.frame for event in told if isinstance(event, Step) and event.frame]
    assert isinstance(frames[0], Frame)


@pytest.mark.parametrize("name", ["bk", "sdxl", "decidiffusion"])
def test_in_bfloat16_too(checkpoints: Checkpoints, name: str) -> None:
    device = Device("cpu", "CPU", "bfloat16", "a test", 1 << 40)
    spec = published.from_folder(name, checkpoints[name])
    loaded = Residency(registry([spec]), device).acquire(spec, lambda event: None)
    assert loaded.pipeline.unet.dtype == torch.bfloat16
    made = request(loaded, prompt="a (cat:1.3)", sampler="Euler")  # whose sigmas begin at 4096 for DeciDiffusion
    assert pngs(develop(loaded, made, "linear")) == pngs(develop(loaded, made, "vae"))


def test_each_of_several_can_be_made_alone(tiny: LOADED) -> None:
    loaded = tiny("bk")
    three = develop(loaded, request(loaded, count=3, sampler="Euler a"))
    assert [picture.seed for picture in three.pictures] == [1, 2, 3]
    alone = develop(loaded, request(loaded, seed=3, sampler="Euler a"))
    assert alone.pictures[0].png == three.pictures[2].png
    assert len(set(pngs(three))) == 3


def test_events_come_in_order(tiny: LOADED) -> None:
    loaded = tiny("bk")
    told: list[Event] = []
    develop(loaded, request(loaded, count=2, steps=2), "linear", told)
    kinds = [type(event) for event in told]
    one = [Step, Step, Step, Decoding, Developed]
    assert kinds == [Encoding, *one, *one]
    left = [event.seconds_left for event in told if isinstance(event, Step)]
    assert left[-1] == 0


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_a_picture_gives_back_its_request(tiny: LOADED, name: str) -> None:
    loaded = tiny(name)
    made = request(loaded, count=2, prompt="ünï (cat:1.2)\ncode", sampler="UniPC")
    second = develop(loaded, made).pictures[1]
    text = infotext.inside(second.png)
    assert text == second.infotext
    again = GenerationRequest.model_validate(infotext.read(text) | {"count": 1})
    assert again == made.model_copy(update={"seed": 2, "count": 1})
    assert develop(loaded, again).pictures[0].png == second.png


def test_guidance_and_negative_prompt_matter(tiny: LOADED) -> None:
    loaded = tiny("bk")
    made = [
        pngs(develop(loaded, request(loaded, **changes)))[0]
        for changes in ({}, {"guidance_scale": 1.0}, {"guidance_scale": 9.0}, {"negative_prompt": "dog"})
    ]
    assert len({Image.open(BytesIO(png)).tobytes() for png in made}) == 4


@contextmanager
def poisoned(layer: torch.nn.Module, value: float) -> Iterator[None]:
    """A layer all of whose weights are `value`, of a checkpoint that other tests use too."""
    weight = layer.get_parameter("weight")
    kept = weight.data
    weight.data = torch.full_like(kept, value)
    try:
        yield
    finally:
        weight.data = kept


def test_no_finite_latents_no_picture(tiny: LOADED) -> None:
    loaded = tiny("bk")
    with (
        poisoned(loaded.pipeline.unet.conv_out, float("nan")),
        pytest.raises(GenerationFailed, match="left the range of float32"),
    ):
        develop(loaded, request(loaded))


def test_a_decoder_that_overflows_is_told(tiny: LOADED) -> None:
    loaded = tiny("bk")
    layer = loaded.pipeline.vae.decoder.conv_out
    with poisoned(layer, float("inf")), pytest.raises(GenerationFailed, match="overflowed"):
        develop(loaded, request(loaded))


def test_sdxls_decoder_runs_in_float32_when_half_would_overflow(tiny: LOADED) -> None:
    loaded = tiny("sdxl")
    vae = loaded.pipeline.vae
    vae.to(torch.float16)
    try:
        assert len(develop(loaded, request(loaded)).pictures) == 1
        assert vae.dtype == torch.float16
    finally:
        vae.to(torch.float32)
