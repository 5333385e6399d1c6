"""Makes `mini-sd` from nothing: `python -m training base`. Stopped at any moment, the same command goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from diffusers import AutoencoderKL
from rich.console import Console
from transformers import CLIPTextModel, CLIPTokenizer

from judging.scenes import SIDE
from training import options
from training.architectures import denoiser
from training.base_training import train_denoiser
from training.export import assembled, export
from training.judge import WEIGHTS, plain_captions
from training.loop.samples import drawn_by
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Again, Setup
from training.shapes import latents
from training.shapes.autoencoder import CHANNELS, LATENTS, autoencoder, train_autoencoder
from training.shapes.text import WIDTH, Reader, train_text
from training.shapes.tokenizer import write_tokenizer

WORK = Path("runs/mini")
REBUILT = 32  # held-out pictures by which the autoencoder is told


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything."""

    autoencoder: Schedule
    widths: tuple[int, ...]  # of the autoencoder
    pixels: int  # of one part of an autoencoder's batch
    text: Schedule
    text_batch: int
    files: int  # of stored pictures
    pictures: int  # of each file
    denoiser: Schedule
    channels: tuple[int, ...]  # of the denoiser
    batch: int  # of one part of a denoiser's batch
    parts: int  # of a batch
    seed: int


PLAN = Plan(  # close to what made the committed weights: README.md says what differs
    autoencoder=Schedule(steps=12_000, rate=2e-3, average=0.998, decay=0.5),
    widths=CHANNELS,
    pixels=SIDE**2,
    text=Schedule(steps=1600, rate=1e-3, average=0.995),
    text_batch=64,
    files=14,
    pictures=1000,
    denoiser=Schedule(steps=11_250, rate=8e-4, average=0.998, decay=0.5),
    channels=(64, 96, 128),
    batch=16,
    parts=2,
    seed=0,
)


def make(plan: Plan, work: Path, out: Path, setup: Setup) -> None:
    """All stages in turn; each takes up its own checkpoint."""
    device, again = setup.where(), Again(seed=plan.seed, parts=plan.parts, setup=setup)
    torch.manual_seed(plan.seed)
    net = autoencoder(plan.widths).to(device, memory_format=torch.channels_last)
    train_autoencoder(net, plan.autoencoder, work / "autoencoder.pt", pixels=plan.pixels, **again)
    tokens, text = trained_text(plan, work, setup)
    pictures, captions = encoded(plan, work, net, tokens, text, setup)
    factor = latents.scale(pictures[0])
    net.register_to_config(scaling_factor=factor)
    decibels = latents.psnr(net, REBUILT)
    if setup.first():
        Console().print(f"Autoencoder: {decibels:.1f} dB PSNR on {REBUILT} held-out pictures")

    torch.manual_seed(plan.seed)
    unet = denoiser(LATENTS, WIDTH, plan.channels).to(device)
    stored = latents.load(pictures, captions, factor)
    sheet = drawn_by(assembled(net, text, tokens, unet), plain_captions(8))
    train_denoiser(unet, stored, plan.denoiser, work / "denoiser.pt", batch=plan.batch, sheet=sheet, **again)
    if setup.first():
        export(out, net, text, tokens, unet)


def encoded(
    plan: Plan, work: Path, net: AutoencoderKL, tokens: CLIPTokenizer, text: CLIPTextModel, setup: Setup
) -> tuple[list[Path], list[Path]]:
    """The files of latents and of text states; those that are there are taken as they are, unless all begins anew."""

    def store(number: int, pictures: Path, captions: Path) -> None:
        latents.store_pictures(net, pictures, plan.pictures, (plan.seed, number))
        latents.store_captions(text, tokens, captions, plan.pictures, (plan.seed, number))

    return latents.store_all(work, plan.files, setup, store)


def trained_text(plan: Plan, work: Path, setup: Setup) -> tuple[CLIPTokenizer, CLIPTextModel]:
    with setup.in_turn():
        write_tokenizer(work / "tokenizer")
    tokens = CLIPTokenizer.from_pretrained(work / "tokenizer")
    torch.manual_seed(plan.seed)
    reader = Reader(tokens).to(setup.where())
    parts = setup.processes()  # the captions of a step are few
    path = work / "text.pt"
    train_text(reader, tokens, plan.text, path, batch=plan.text_batch, seed=plan.seed, parts=parts, setup=setup)
    return tokens, reader.encoder.requires_grad_(False)


@options.spread
def main(
    out: options.Out = WEIGHTS / "mini-sd",
    files: Annotated[int, typer.Option(min=1, help="Files of a thousand stored pictures to learn from.")] = PLAN.files,
    pictures: Annotated[int, typer.Option(min=1, help="Of each file.")] = PLAN.pictures,
    autoencoder_steps: options.Steps = PLAN.autoencoder.steps,
    text_steps: options.Steps = PLAN.text.steps,
    learning: Learning = Learning(
        steps=PLAN.denoiser.steps, rate=PLAN.denoiser.rate, batch=PLAN.batch, accumulation=PLAN.parts, seed=PLAN.seed
    ),
    work: options.Work = WORK,
    setup: Setup = Setup(),
) -> None:
    """Train autoencoder, text encoder and U-Net on drawn pictures, then write a Stable Diffusion checkpoint.

    Steps, rate and batch are the U-Net's: it comes last and takes longest.
    """
    plan = replace(
        PLAN,
        autoencoder=replace(PLAN.autoencoder, steps=autoencoder_steps),
        text=replace(PLAN.text, steps=text_steps),
        files=files,
        pictures=pictures,
        denoiser=replace(PLAN.denoiser, steps=learning.steps, rate=learning.rate),
        batch=learning.batch,
        parts=learning.accumulation,
        seed=learning.seed,
    )
    make(plan, work, out, setup)
