"""What `txt2img` answers: the pictures, what was asked, and how they were made."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from api.a1111 import settings
from api.a1111.asked import Txt2Img
from generation import infotext, samplers
from generation.events import Picture
from generation.job import Job

NESTED = {"override_settings", "alwayson_scripts", "comments", "script_args", "firstpass_image"}  # not told as sent


class Answer(BaseModel):
    """Pictures."""

    images: list[str] = Field(description="PNGs in base64, each with its `parameters` text inside.")
    parameters: dict[str, Any] = Field(description="The request's fields.")
    info: str = Field(description="JSON as a text: what A1111 tells of how they were made.")


def answer(asked: Txt2Img, job: Job, notes: Sequence[str]) -> bytes:
    """The body: as many pictures as `job` has made."""
    pictures = job.pictures()
    sent = pictures if asked.send_images is not False else ()
    body = {
        "images": [base64.b64encode(picture.png).decode() for picture in sent],
        "parameters": _parameters(asked),
        "info": json.dumps(info(job, pictures, asked.batch_size or 1, notes)),
    }
    return json.dumps(body).encode()


def _parameters(asked: Txt2Img) -> dict[str, Any]:
    given = asked.override_settings or {}
    known = {key: given[key] for key in settings.HEEDED if key in given}
    empty: dict[str, Any] = {"alwayson_scripts": {}, "comments": {}, "script_args": [], "firstpass_image": None}
    return asked.model_dump(exclude=NESTED) | {"override_settings": known, **empty}


def info(job: Job, pictures: Sequence[Picture], batch_size: int, notes: Sequence[str]) -> dict[str, Any]:
    """A1111's account of `pictures`, with `notes` beside it as comments."""
    request = job.request
    sampler, schedule = samplers.split(request.sampler)
    seeds = [picture.seed for picture in pictures]
    return {
        "prompt": request.prompt,
        "all_prompts": [request.prompt] * len(pictures),
        "negative_prompt": request.negative_prompt,
        "all_negative_prompts": [request.negative_prompt] * len(pictures),
        "seed": request.seed,
        "all_seeds": seeds,
        "subseed": request.seed,
        "all_subseeds": seeds,
        "subseed_strength": 0,
        "width": request.width,
        "height": request.height,
        "sampler_name": sampler,
        "cfg_scale": 1.0 if request.guidance_scale is None else request.guidance_scale,
        "steps": request.steps,
        "batch_size": batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": request.model,
        "sd_model_hash": None,
        "sd_vae_name": None,
        "sd_vae_hash": None,
        "seed_resize_from_w": -1,
        "seed_resize_from_h": -1,
        "denoising_strength": None,
        "extra_generation_params": {"Schedule type": schedule},
        "index_of_first_image": 0,
        "infotexts": [picture.infotext for picture in pictures],
        "nsfw_content_detected": [picture.withheld is not None for picture in pictures],  # not A1111's; as diffusers
        "styles": [],
        "job_timestamp": timestamp(job),
        "clip_skip": 1,
        "is_using_inpainting_conditioning": False,
        "version": infotext.OURS,
        "comments": "\n".join(notes),
    }


def timestamp(job: Job) -> str:
    """When `job` was asked for, as A1111 writes it."""
    return time.strftime("%Y%m%d%H%M%S", time.localtime(job.created))
