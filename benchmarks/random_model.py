"""A checkpoint in Stable Diffusion's layout with random weights: it costs what a trained one would, and draws noise."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderTiny, EulerDiscreteScheduler, StableDiffusionPipeline

from models import random_weights
from models.architectures import CLIP_L, UNET_V1, VAE, Architecture
from models.spec import Family, LatentSpace, Licence, ModelSpec, Range, Size

TEXT_WIDTH = 256
# Stable Diffusion v1's networks at three tenths of their width: a step that a CPU takes some tenths of a second for.
NARROW = Architecture(
    unet={**UNET_V1, "block_out_channels": (96, 192, 384, 384), "cross_attention_dim": TEXT_WIDTH},
    text_encoder={**CLIP_L, "hidden_size": TEXT_WIDTH, "intermediate_size": 1024, "num_attention_heads": 4},
    vae={**VAE, "block_out_channels": (32, 64, 128, 128)},
)
TINY_WIDTH = 20  # of TAESD's 64: as narrow as the rest
RGB = ((0.35, 0.23, 0.32), (0.33, 0.50, 0.24), (-0.28, 0.18, 0.27), (-0.21, -0.26, -0.72))
MAX_SIDE = 1024


def build(folder: Path) -> ModelSpec:
    """Write the checkpoint and its tiny decoder into `folder`; the entry that describes them."""
    torch.manual_seed(0)
    networks = NARROW.build()
    pipeline = StableDiffusionPipeline(
        **networks,
        tokenizer=random_weights.tokenizer(),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "model")
    AutoencoderTiny(
        encoder_block_out_channels=(TINY_WIDTH,) * 4, decoder_block_out_channels=(TINY_WIDTH,) * 4
    ).save_pretrained(folder / "taesd")
    parameters = sum(tensor.numel() for network in networks.values() for tensor in network.parameters())
    return _spec(folder, parameters)


def _spec(folder: Path, parameters: int) -> ModelSpec:
    native = Size(width=256, height=256)
    return ModelSpec(
        name="random",
        title="Random weights",
        family=Family.SD,
        repo=str(folder / "model"),
        latent_space=LatentSpace(channels=4, scale=8, rgb=RGB, taesd=str(folder / "taesd")),
        size=native,
        sizes=(native,),
        size_multiple=8,
        max_pixels=MAX_SIDE**2,
        steps=Range[int](low=1, high=150, default=10),
        guidance_scale=Range[float](low=1.0, high=30.0, default=7.5),
        parameters=parameters,
        download_bytes=0,
        licence=Licence(name="none", url="https://example.org"),
        good_at="Nothing: its weights are random.",
        bad_at="Pictures.",
        examples=(),
    )
