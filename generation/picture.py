"""From final latents to pixels."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from errors import GenerationFailed
from models.families import RECIPES
from models.spec import ModelSpec


def decode(pipeline: Any, spec: ModelSpec, latents: torch.Tensor) -> Image.Image:
    """The picture that `latents` (1, channels, h, w) stand for. Raises GenerationFailed if it is none."""
    pixels = developed(pipeline.vae, spec, latents)
    if not bool(pixels.isfinite().all()):
        raise GenerationFailed(
            f"The decoder of {spec.name} overflowed in {pipeline.vae.dtype}: there is no picture. "
            "Try another seed, or run on a device whose precision is float32."
        )
    return Image.fromarray(to_bytes(pixels)[0].permute(1, 2, 0).cpu().numpy())


def to_bytes(pixels: torch.Tensor) -> torch.Tensor:
    """[-1, 1] → 0…255, rounded as diffusers does it."""
    return pixels.float().mul(0.5).add(0.5).clamp(0, 1).mul(255).round().to(torch.uint8)


def developed(vae: Any, spec: ModelSpec, latents: torch.Tensor) -> torch.Tensor:
    """What the model's own decoder makes of `latents`: (1, 3, height, width) in about [-1, 1]."""
    given = vae.dtype
    heeds = RECIPES[spec.family].heeds_vae
    upcast = heeds and given == torch.float16 and vae.config.force_upcast  # it overflows in half
    if upcast:
        vae.to(torch.float32)
    try:
        pixels: torch.Tensor = vae.decode(unscaled(vae, spec, latents).to(vae.dtype)).sample
        return pixels
    finally:
        if upcast:
            vae.to(given)


def unscaled(vae: Any, spec: ModelSpec, latents: torch.Tensor) -> torch.Tensor:
    """Latents as the VAE knows them, from those that the net works on; as the family's stock pipeline does it."""
    mean, std = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    if not RECIPES[spec.family].heeds_vae or mean is None or std is None:
        return latents / float(vae.config.scaling_factor)
    mean, std = (latents.new_tensor(values).view(1, -1, 1, 1) for values in (mean, std))
    return latents * std / float(vae.config.scaling_factor) + mean
