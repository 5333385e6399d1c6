"""Makes `mini-sd` from nothing: `python -m training.mini`. Stopped at any moment, the same command goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import track
from transformers import CLIPTextModel, CLIPTokenizer

from judging.scenes import SIDE
from training import latents
from training.autoencoder import CHANNELS, LATENTS, autoencoder, train_autoencoder
from training.denoiser import denoiser, train_denoiser
from training.export import export
from training.judge import WEIGHTS
from training.loop import Schedule
from training.text import WIDTH, Reader, train_text
from training.tokenizer import write_tokenizer

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


def make(plan: Plan, work: Path, out: Path, device: str) -> None:
    """All stages in turn; each takes up its own checkpoint."""
    torch.manual_seed(plan.seed)
    net = autoencoder(plan.widths).to(device, memory_format=torch.channels_last)
    train_autoencoder(
        net, plan.autoencoder, work / "autoencoder.pt", pixels=plan.pixels, seed=plan.seed, parts=plan.parts
    )
    tokens, text = trained_text(plan, work, device)

    pictures = [work / f"pictures-{number:02d}.pt" for number in range(plan.files)]
    captions = [work / f"captions-{number:02d}.pt" for number in range(plan.files)]
    for number in track(range(plan.files), "latents"):
        latents.store_pictures(net, pictures[number], plan.pictures, (plan.seed, number))
        latents.store_captions(text, tokens, captions[number], plan.pictures, (plan.seed, number))
    factor = latents.scale(pictures[0])
    net.register_to_config(scaling_factor=factor)
    decibels = latents.psnr(net, REBUILT)
    Console().print(f"Autoencoder: {decibels:.1f} dB PSNR on {REBUILT} held-out pictures")

    torch.manual_seed(plan.seed)
    unet = denoiser(LATENTS, WIDTH, plan.channels).to(device)
    stored = latents.load(pictures, captions, factor)
    train_denoiser(
        unet, stored, plan.denoiser, work / "denoiser.pt", batch=plan.batch, seed=plan.seed, parts=plan.parts
    )
    export(out, net, text, tokens, unet)


def trained_text(plan: Plan, work: Path, device: str) -> tuple[CLIPTokenizer, CLIPTextModel]:
    write_tokenizer(work / "tokenizer")
    tokens = CLIPTokenizer.from_pretrained(work / "tokenizer")
    torch.manual_seed(plan.seed)
    reader = Reader(tokens).to(device)
    train_text(reader, tokens, plan.text, work / "text.pt", batch=plan.text_batch, seed=plan.seed)
    return tokens, reader.encoder.requires_grad_(False)


def main(
    work: Annotated[Path, typer.Option(help="Checkpoints and stored latents; may be deleted afterwards.")] = WORK,
    out: Annotated[Path, typer.Option(help="Folder of the finished model; it is replaced.")] = WEIGHTS / "mini-sd",
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    steps: Annotated[
        int, typer.Option(help="Denoiser's steps: the last stage, and the longest.")
    ] = PLAN.denoiser.steps,
    files: Annotated[int, typer.Option(help="Files of a thousand stored pictures to learn from.")] = PLAN.files,
    seed: Annotated[int, typer.Option(help="Of weights, pictures and noise.")] = 0,
) -> None:
    """Train autoencoder, text encoder and denoiser on drawn pictures, then write a Stable Diffusion checkpoint.

    Every stage saves a checkpoint every few minutes; after an interruption the same command goes on from there.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    plan = replace(PLAN, files=files, seed=seed)
    if device == "cpu":
        torch.set_num_threads(1)  # each part of a batch has its own thread
    make(replace(plan, denoiser=replace(plan.denoiser, steps=steps)), work, out, device)


if __name__ == "__main__":
    typer.run(main)
