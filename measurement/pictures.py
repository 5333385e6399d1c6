"""One picture as the app makes it, and several in one call of the net, each with what it took."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import torch
from PIL import Image

from generation import prompts, samplers
from generation.denoise import Run
from generation.estimate import Estimate
from generation.events import Event, Step
from generation.memory import Peak
from generation.picture import developed, to_bytes
from generation.preview import Previewer
from generation.request import GenerationRequest
from generation.settings import Preview, PreviewMode
from generation.tiny_decoders import TinyDecoders
from models.loading import Loaded

Stepped = Callable[[int], None]  # called after each step, with how many are done; may raise errors.Cancelled


@dataclass(frozen=True)
class Taken:
    """What pictures took, in seconds."""

    seconds: float
    per_step: float = 0.0  # median
    first_preview: float | None = None  # None: there was none
    frames: int = 0
    peak_bytes: int = 0


def one(
    loaded: Loaded,
    request: GenerationRequest,
    preview: Preview,
    mode: PreviewMode,
    decoders: TinyDecoders,
    stepped: Stepped,
) -> Taken:
    """A picture from its prompt to its PNG, by the same code as any other."""
    shown: list[float] = []  # when

    def report(event: Event) -> None:
        if isinstance(event, Step):
            if event.frame is not None:
                shown.append(time.perf_counter())
            stepped(event.done)

    previewer = Previewer(preview, mode, loaded, decoders, lambda event: None)
    peak = Peak(loaded.device)
    started = time.perf_counter()
    outcome = Run(loaded, request, previewer, report)()
    ended = time.perf_counter()
    first = shown[0] - started if shown else None
    return Taken(ended - started, outcome.seconds_per_step, first, len(shown), peak.bytes())


def together(loaded: Loaded, request: GenerationRequest, count: int, stepped: Stepped) -> Taken:
    """`count` pictures in one call of the net and one of the decoder. No previews."""
    peak = Peak(loaded.device)
    started = time.perf_counter()
    pipeline = copy.copy(loaded.pipeline)
    text = prompts.encode(pipeline, loaded.spec, request).arguments
    latents = _denoised(pipeline, loaded, request, count, text, stepped)
    for pixels in to_bytes(developed(pipeline.vae, loaded.spec, latents)).permute(0, 2, 3, 1).cpu().numpy():
        Image.fromarray(pixels).save(BytesIO(), "PNG")
    return Taken(time.perf_counter() - started, peak_bytes=peak.bytes())


def _denoised(
    pipeline: Any, loaded: Loaded, request: GenerationRequest, count: int, text: dict[str, Any], stepped: Stepped
) -> torch.Tensor:
    """Final latents, (count, channels, h, w)."""
    pipeline.scheduler = samplers.scheduler(
        request.sampler, loaded.scheduler_config, seed=request.seed, steps=request.steps
    )
    Estimate(pipeline.scheduler, pipeline.unet.dtype)  # keeps the latents in float32, as for a picture alone
    generator = torch.Generator("cpu").manual_seed(request.seed)
    scale, channels = pipeline.vae_scale_factor, pipeline.unet.config.in_channels

    def told(pipe: Any, index: int, timestep: Any, tensors: Any) -> dict[str, Any]:
        stepped(min(request.steps, index + 1))
        return {}

    latents: torch.Tensor = pipeline(
        height=request.height,
        width=request.width,
        num_inference_steps=request.steps,
        guidance_scale=1.0 if request.guidance_scale is None else request.guidance_scale,
        guidance_rescale=loaded.spec.guidance_rescale,
        generator=generator,
        latents=torch.randn((count, channels, request.height // scale, request.width // scale), generator=generator),
        output_type="latent",
        callback_on_step_end=told,
        **{name: torch.cat([tensor] * count) for name, tensor in text.items()},
    ).images
    return latents
