"""The committed `mini-sd`: small enough, complete, and it draws what is asked for."""

import json

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

from judging.seeing import see
from judging.verdict import both_right, verdict
from training.captions import plain_caption
from training.judge import GUIDANCE, STEPS, WEIGHTS, draw_all, held_out_scenes, load

FOLDER = WEIGHTS / "mini-sd"
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return load("mini-sd")


def test_the_files_are_small_enough_for_a_plain_push() -> None:
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert max(sizes) <= 9 * MEGABYTE
    assert sum(sizes) <= 20 * MEGABYTE


def test_nothing_in_the_folder_tells_where_it_was_made() -> None:
    for path in FOLDER.rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert not {"_name_or_path", "name_or_path"} & content.keys()


def test_most_held_out_prompts_are_drawn_right(pipeline: StableDiffusionPipeline) -> None:
    scenes = held_out_scenes(12)
    pictures = draw_all(pipeline, [plain_caption(scene) for scene in scenes], STEPS, GUIDANCE)
    right = 0
    for scene, seen in zip(scenes, map(see, pictures), strict=True):
        one = len(scene.items) == 1 and verdict(scene, seen)["colour"] and verdict(scene, seen)["shape"]
        right += seen.background == scene.background and (one or both_right(scene, seen))
    assert right >= 10


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
