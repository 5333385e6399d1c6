"""Each method with each full-size teacher it is for: the student that it makes, and one training step's loss.

What is learned from is random, so the steps prove shapes and cost, and nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDPMScheduler
from torch import Tensor, nn

from training.base_training import Batch
from training.block_distillation import WATCHED, After, feature_loss, output_loss, task_loss, watched
from training.decoder_distillation import decoder_loss, encoder_loss, narrowed
from training.guidance_distillation import both_passes, guidance_loss, one_pass, random_scales, takes_guidance
from training.loop.train import Place
from training.predictions import EPSILON
from training.step_distillation import Levels, Predict, as_velocity, predicting, step_loss, teachers_way, time_of
from training.surgery import STUDENTS, StudentName, removed

SD, SDXL = "CompVis/stable-diffusion-v1-4", "stabilityai/stable-diffusion-xl-base-1.0"
BK, SSD, DECI = "nota-ai/bk-sdm-small", "segmind/SSD-1B", "Deci/DeciDiffusion-v1-0"
Loss = Callable[[Any, Any, int, int], Tensor]  # student, teacher, the latents' side, batch → a step's loss


@dataclass(frozen=True, kw_only=True)
class Case:
    """One method and whom it teaches."""

    method: str
    teacher: str  # a repository of ARCHITECTURES
    loss: Loss
    student: Callable[[Any], nn.Module] | None = None  # of the teacher; None: the teacher itself learns, from data
    part: str = "unet"  # of the pipeline
    published: str | None = None  # whose tensors the student is to have; None: it has no namesake of that layout


def question(net: Any, side: int, batch: int) -> Batch:
    """Random latents and prompts as the U-Net takes them."""
    config = net.config
    new = partial(torch.randn, dtype=net.dtype, device=net.device)
    conditions = {}
    if config.get("addition_embed_type") == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        conditions = {"text_embeds": new(batch, pooled), "time_ids": new(batch, 6)}
    noisy = new(batch, config.in_channels, side, side)
    times = torch.randint(1000, (batch,), device=net.device)
    texts = new(batch, 77, config.cross_attention_dim)
    return Batch(noisy=noisy, times=times, texts=texts, target=torch.randn_like(noisy), conditions=conditions)


def base(student: Any, _teacher: Any, side: int, batch: int) -> Tensor:
    asked = question(student, side, batch)
    return F.mse_loss(asked.prediction(student), asked.target)


def block(student: Any, teacher: Any, side: int, batch: int, after: After) -> Tensor:
    asked = question(student, side, batch)
    learner, model = watched(student, teacher, WATCHED[after])
    with torch.no_grad():
        wanted, wanted_features = model(asked)
    guess, features = learner(asked)
    learner.close()
    model.close()
    return task_loss(guess, asked.target) + output_loss(guess, wanted) + feature_loss(features, wanted_features)


def guidance(student: Any, teacher: Any, side: int, batch: int) -> Tensor:
    asked = question(student, side, batch)
    scale = random_scales(batch, Place(0, 0, 0)).to(asked.noisy)
    given, added = (asked.noisy, asked.times, asked.texts), asked.conditions
    with torch.no_grad():
        unconditional, conditional = both_passes(teacher, *given, asked.texts[0], added, added)
    return guidance_loss(one_pass(student, *given, scale, added), unconditional, conditional, scale)


def steps(student: Any, teacher: Any, side: int, batch: int) -> Tensor:
    """One step of 8 for two of the teacher's; both predict noise, which is told as v."""
    asked = question(student, side, batch)
    levels = Levels.of(DDPMScheduler())
    levels = Levels(levels.alphas.to(asked.noisy), levels.sigmas.to(asked.noisy))
    left = torch.full((batch,), 0.5, device=asked.noisy.device)

    def predict(net: Any) -> Predict:
        return as_velocity(predicting(net, asked.texts, None, left, asked.conditions), levels, EPSILON)

    target = teachers_way(predict(teacher), asked.noisy, left, 1 / 8, 2, levels)
    return step_loss(predict(student)(asked.noisy, time_of(left)), target)


def decoder(student: Any, teacher: Any, side: int, batch: int) -> Tensor:
    latents = torch.randn(batch, teacher.config.latent_channels, side, side, dtype=teacher.dtype, device=teacher.device)
    with torch.no_grad():
        wanted = teacher.decode(latents).sample
    guess = student.encode(wanted).latent_dist.mode()
    return decoder_loss(student.decode(latents).sample, wanted) + encoder_loss(guess, latents)


def block_case(teacher: str, name: StudentName, published: str, after: After) -> Case:
    student = partial(removed, rounds=STUDENTS[name])
    return Case(method="block", teacher=teacher, student=student, loss=partial(block, after=after), published=published)


def half_as_wide(teacher: AutoencoderKL) -> AutoencoderKL:
    with torch.device(teacher.device):
        student = narrowed(teacher)
    return nn.Module.to(student, teacher.dtype)  # diffusers' own warns without reason


CASES = (
    *(Case(method="base", teacher=repo, loss=base, published=repo) for repo in (SD, BK, SDXL, SSD, DECI)),
    block_case(SD, "bk-sdm-small", BK, "stages"),
    block_case(SDXL, "ssd-1b", SSD, "blocks"),
    *(Case(method="guidance", teacher=repo, student=takes_guidance, loss=guidance) for repo in (SD, SDXL)),
    *(Case(method="steps", teacher=repo, student=copy.deepcopy, loss=steps, published=repo) for repo in (SD, SDXL)),
    *(Case(method="decoder", teacher=repo, student=half_as_wide, loss=decoder, part="vae") for repo in (SD, SDXL)),
)
