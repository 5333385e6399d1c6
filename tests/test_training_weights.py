"""The committed minis: small enough, complete, and they draw what is asked for."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    UniPCMultistepScheduler,
)
from safetensors.torch import load_file

import config
from judging.seeing import see
from judging.verdict import both_right, verdict
from models import storage
from training.judge import GUIDANCE, STEPS, WEIGHTS, draw_all, held_out_scenes, load
from training.shapes.captions import plain_caption

CONFIG = config.load(Path(__file__).parents[1] / "config.yaml")
RIGHT = {
    "mini-sd": 10,
    "mini-bk-sdm": 9,
    "mini-turbo": 9,
    "mini-snap": 9,
    "mini-deci": 9,
}  # of twelve held-out prompts, at least
MEGABYTE = 10**6
minis = pytest.mark.parametrize("name", RIGHT)


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return load("mini-sd")


def test_the_files_are_small_enough_for_a_plain_push() -> None:
    sizes = [path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()]
    assert max(sizes) <= 9 * MEGABYTE
    assert sum(sizes) <= 60 * MEGABYTE


def test_all_are_on_offer() -> None:
    assert {path.name for path in WEIGHTS.iterdir() if path.is_dir()} == set(RIGHT)
    offered = {spec.name: spec for spec in CONFIG.models if spec.name in RIGHT}
    assert offered.keys() == RIGHT.keys()
    for name, spec in offered.items():
        assert Path(spec.repo) == WEIGHTS / name
        weights = [folder / name for it, folder in storage.chosen(spec) for name in it.weights]
        tensors = [load_file(path) for path in weights if path.suffix == ".safetensors"]
        assert spec.parameters == sum(tensor.numel() for part in tensors for tensor in part.values())


def test_no_file_of_weights_is_there_twice() -> None:
    contents = [path.read_bytes() for path in WEIGHTS.rglob("*.safetensors")]
    assert len(set(contents)) == len(contents)


@minis
def test_nothing_in_the_folder_tells_where_it_was_made(name: str) -> None:
    for path in (WEIGHTS / name).rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert not {"_name_or_path", "name_or_path"} & content.keys()


@minis
def test_most_held_out_prompts_are_drawn_right(name: str) -> None:
    spec = next(spec for spec in CONFIG.models if spec.name == name)
    assert spec.guidance_scale
    scenes = held_out_scenes(12)
    captions = [plain_caption(scene) for scene in scenes]
    pictures = draw_all(load(name), captions, spec.steps.default, spec.guidance_scale.default)
    right = 0
    for scene, seen in zip(scenes, map(see, pictures), strict=True):
        one = len(scene.items) == 1 and verdict(scene, seen)["colour"] and verdict(scene, seen)["shape"]
        right += seen.background == scene.background and (one or both_right(scene, seen))
    assert right >= RIGHT[name]


@pytest.mark.parametrize(
    "scheduler",
    [
        DDIMScheduler,
        DPMSolverMultistepScheduler,
        EulerAncestralDiscreteScheduler,
        EulerDiscreteScheduler,
        HeunDiscreteScheduler,
        LCMScheduler,
        LMSDiscreteScheduler,
        PNDMScheduler,
        UniPCMultistepScheduler,
    ],
)
def test_every_sampler_draws_the_prompt(pipeline: StableDiffusionPipeline, scheduler: type) -> None:
    own = pipeline.scheduler
    pipeline.scheduler = scheduler.from_config(own.config)  # type: ignore[attr-defined]
    image = pipeline(
        "a large red circle on a white background",
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=torch.Generator("cpu").manual_seed(1),
    ).images[0]
    pipeline.scheduler = own
    assert image.getpixel((5, 5))[1] > 180  # white
    red, green, blue = image.getpixel((64, 64))
    assert red > 150
    assert max(green, blue) < 120
