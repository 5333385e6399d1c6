"""Base training: a U-Net learns to take noise away from stored latents, led by stored text states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from training.loop.samples import Sheet
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.predictions import target

DROPPED = 0.1  # share of captions replaced by the empty one: what guidance leads away from

# Noise that drowns even a flat background at its end (sigma 64), or its colour would leak into the first step.
NOISE: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.02,
    "prediction_type": "v_prediction",
}


Conditions = Mapping[str, Tensor]  # what a U-Net takes beside text states, its `added_cond_kwargs`; SDXL's takes some
NONE: Conditions = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the denoiser learns from: scaled latents, and text states for several captions of each."""

    latents: Tensor  # (n, channels, side, side), half
    texts: Tensor  # (n, captions, 77, width), half
    empty: Tensor  # (77, width), half: the empty caption
    pooled: Tensor | None = None  # (n, captions, width), half; None: the U-Net takes none (only SDXL's does)
    empty_pooled: Tensor | None = None  # (width,), half
    time_ids: Tensor | None = None  # (n, 6): height and width of the whole, crop's top and left, height and width

    @property
    def made_of(self) -> dict[str, Tensor]:
        """By which a training's checkpoint knows it again."""
        return {"pictures": self.latents, "captions": self.texts}

    def prompts(
        self, picked: Tensor, wording: Tensor, dropped: Tensor, device: torch.device
    ) -> tuple[Tensor, Conditions]:
        """Text states (batch, 77, width) and what else the U-Net takes, in float32 on the device.

        (batch,) each: which pictures, which captions of them, and whether the empty caption stands in.
        """
        texts = self.texts[picked, wording].float()
        texts[dropped] = self.empty.float()
        if self.pooled is None or self.empty_pooled is None or self.time_ids is None:
            return texts.to(device), NONE
        pooled = self.pooled[picked, wording].float()
        pooled[dropped] = self.empty_pooled.float()
        time_ids = self.time_ids[picked].float().to(device)
        return texts.to(device), {"text_embeds": pooled.to(device), "time_ids": time_ids}

    def unled(self, conditions: Conditions) -> Conditions:
        """The same with the empty caption in place of each."""
        if self.empty_pooled is None:
            return conditions
        pooled = conditions["text_embeds"]
        return {**conditions, "text_embeds": self.empty_pooled.to(pooled).expand_as(pooled)}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the denoiser is asked once, and the answer."""

    noisy: Tensor  # (batch, channels, side, side)
    times: Tensor  # (batch,), training steps of noise
    texts: Tensor  # (batch, 77, width)
    target: Tensor  # like noisy: noise, picture or v, as the scheduler's prediction_type says
    conditions: Conditions = field(default_factory=dict)

    def prediction(self, net: nn.Module) -> Tensor:
        """What the net answers, like noisy."""
        answer: Tensor = net(self.noisy, self.times, self.texts, added_cond_kwargs=dict(self.conditions)).sample
        return answer


def train_denoiser(
    unet: UNet2DConditionModel,
    stored: Stored,
    schedule: Schedule,
    checkpoint: Path,
    *,
    batch: int = 16,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
    sheet: Sheet | None = None,
) -> None:
    scheduler = DDPMScheduler(**NOISE)

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        drawn = noisy_batch(stored, scheduler, batch, place, unet.device)
        return F.mse_loss(drawn.prediction(net), drawn.target), batch

    made_of = stored.made_of
    train(unet, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, sheet=sheet, made_of=made_of)


def noisy_batch(stored: Stored, scheduler: DDPMScheduler, batch: int, place: Place, device: torch.device) -> Batch:
    """Pictures, captions, times and noise by chance, always the same at one place."""
    dice = place.dice()
    picked = torch.randint(len(stored.latents), (batch,), generator=dice)
    wording = torch.randint(stored.texts.shape[1], (batch,), generator=dice)
    texts, conditions = stored.prompts(picked, wording, torch.rand(batch, generator=dice) < DROPPED, device)
    times = torch.randint(scheduler.config.num_train_timesteps, (batch,), generator=dice)
    latents = stored.latents[picked].float()
    noise = torch.randn(latents.shape, generator=dice)
    kept = scheduler.alphas_cumprod[times].view(-1, 1, 1, 1)
    alpha, sigma = kept.sqrt(), (1 - kept).sqrt()
    return Batch(
        noisy=scheduler.add_noise(latents, noise, times).to(device),
        times=times.to(device),
        texts=texts,
        target=target(latents, noise, alpha, sigma, scheduler.config.prediction_type).to(device),
        conditions=conditions,
    )
