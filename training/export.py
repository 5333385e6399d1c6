"""The export stage: everything as a Stable Diffusion checkpoint folder, in half precision, in files under 9 MB."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTokenizer

from training.denoiser import NOISE

SAMPLING: dict[str, Any] = {
    "timestep_spacing": "trailing",
    "clip_sample": False,  # DDIM and LCM: latents are not pictures in [-1, 1]
    "set_alpha_to_one": False,
    "skip_prk_steps": True,  # PNDM: as Stable Diffusion has it
    "steps_offset": 1,
}
LARGEST_FILE = "8MB"  # so that a plain push takes it


def export(
    folder: Path, net: AutoencoderKL, text: CLIPTextModel, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> None:
    """Write the folder anew; nothing in it says how it was trained."""
    shutil.rmtree(folder, ignore_errors=True)
    vocabulary = Path(tokens.name_or_path)
    for name, part in {"vae": net, "text_encoder": text, "unet": unet}.items():
        part.cpu().half().save_pretrained(folder / name, max_shard_size=LARGEST_FILE)
    shutil.copytree(vocabulary, folder / "tokenizer")
    scheduler().save_pretrained(folder / "scheduler")
    pipeline = StableDiffusionPipeline(
        vae=net,
        text_encoder=text,
        tokenizer=tokens,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_config(folder)  # model_index.json


def scheduler() -> DPMSolverMultistepScheduler:
    """The default sampler, with what other samplers made from its configuration need to know."""
    return DPMSolverMultistepScheduler.from_config({**NOISE, **SAMPLING})
