"""Makes `mini-sdxl` of mini-sd's autoencoder and posters: `python -m training.mini_sdxl`. Stopped, it goes on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypedDict

import torch
import typer
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from rich.progress import track
from transformers import CLIPTokenizer

from errors import ConfigError
from training.architectures import MINI_SDXL
from training.denoiser import train_denoiser
from training.export import LARGEST_FILE, scheduler
from training.judge import WEIGHTS
from training.latents import load, scale
from training.loop import Schedule
from training.posters import stored
from training.posters.autoencoder import train_autoencoder
from training.posters.captions import vocabulary
from training.posters.level import enlarged, train_level
from training.posters.text import Readers, train_text
from training.setup import Setup
from training.tokenizer import write_tokenizer

WORK = Path("runs/mini-sdxl")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything; the batches are those of one part."""

    autoencoder: Schedule
    pixels: int  # of an autoencoder's batch
    text: Schedule
    text_batch: int
    files: int  # of stored pictures
    pictures: int  # of each file
    level: Schedule
    denoiser: Schedule
    batch: int  # of a denoiser
    parts: int  # of every batch
    seed: int


PLAN = Plan(
    autoencoder=Schedule(steps=1500, rate=1.5e-3, average=0.99, decay=0.6, save_every=100),
    pixels=128**2,
    text=Schedule(steps=1700, rate=2e-3, average=0.99, decay=0.6, save_every=100),
    text_batch=32,
    files=6,
    pictures=1000,
    level=Schedule(steps=400, rate=1e-3, average=0.99, decay=0.7, save_every=50),
    denoiser=Schedule(steps=20_000, rate=1e-3, average=0.998, save_every=100),
    batch=8,
    parts=2,
    seed=0,
)


class Again(TypedDict):
    """What every stage is told."""

    seed: int
    parts: int
    setup: Setup


def make(plan: Plan, mini_sd: Path, work: Path, out: Path, setup: Setup) -> None:
    """All stages in turn; each takes up its own checkpoint."""
    device, again = setup.where(), Again(seed=plan.seed, parts=plan.parts, setup=setup)
    half = AutoencoderKL.from_pretrained(mini_sd / "vae", dtype=torch.float32)
    half = half.to(device, memory_format=torch.channels_last)
    train_autoencoder(half, plan.autoencoder, work / "autoencoder.pt", pixels=plan.pixels, **again)

    torch.manual_seed(plan.seed)
    write_tokenizer(work / "tokenizer", vocabulary())
    tokens = CLIPTokenizer.from_pretrained(work / "tokenizer")
    readers = Readers(tokens).to(device)
    train_text(readers, tokens, plan.text, work / "text.pt", batch=plan.text_batch, **again)

    pictures = [work / f"pictures-{number:02d}.pt" for number in range(plan.files)]
    captions = [work / f"captions-{number:02d}.pt" for number in range(plan.files)]
    for number in track(range(plan.files), "posters"):
        stored.store_pictures(half, pictures[number], plan.pictures, (plan.seed, number))
        stored.store_captions(readers, tokens, captions[number], plan.pictures, (plan.seed, number))
    factor = scale(pictures[0])

    torch.manual_seed(plan.seed)
    unet = UNet2DConditionModel(**MINI_SDXL).to(device)
    seen = load(pictures, captions, factor)
    train_denoiser(unet, seen, plan.denoiser, work / "denoiser.pt", batch=plan.batch, **again)

    net = enlarged(half).to(device, memory_format=torch.channels_last)
    train_level(net, half, plan.level, work / "level.pt", pixels=2 * plan.pixels, **again)
    net.register_to_config(scaling_factor=factor)
    export(out, net, readers, tokens, unet)


def export(
    folder: Path, net: AutoencoderKL, readers: Readers, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> None:
    """Write a Stable Diffusion XL checkpoint folder anew, in half precision, in files under 9 MB."""
    shutil.rmtree(folder, ignore_errors=True)
    nets = {"vae": net, "text_encoder": readers.first, "text_encoder_2": readers.second, "unet": unet}
    for name, part in nets.items():
        part.cpu().half().save_pretrained(folder / name, max_shard_size=LARGEST_FILE)
    for name in ("tokenizer", "tokenizer_2"):
        shutil.copytree(tokens.name_or_path, folder / name)
    scheduler().save_pretrained(folder / "scheduler")
    pipeline = StableDiffusionXLPipeline(
        **nets,
        tokenizer=tokens,
        tokenizer_2=tokens,
        scheduler=scheduler(),
        force_zeros_for_empty_prompt=False,  # it has learned what the empty caption is, not what zeros are
        add_watermarker=False,
    )
    pipeline.save_config(folder)  # model_index.json


def main(
    mini_sd: Annotated[Path, typer.Option(help="Folder of mini-sd, whose autoencoder is the first weights.")] = WEIGHTS
    / "mini-sd",
    work: Annotated[Path, typer.Option(help="Checkpoints and stored latents; may be deleted afterwards.")] = WORK,
    out: Annotated[Path, typer.Option(help="Folder of the finished model; it is replaced.")] = WEIGHTS / "mini-sdxl",
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    steps: Annotated[int, typer.Option(help="Of the U-Net.")] = PLAN.denoiser.steps,
    files: Annotated[int, typer.Option(help="Files of a thousand stored posters to learn from.")] = PLAN.files,
    seed: Annotated[int, typer.Option(help="Of weights, posters and noise.")] = 0,
) -> None:
    """Train autoencoder, text encoders and U-Net on drawn posters, then write a Stable Diffusion XL checkpoint.

    Every stage saves a checkpoint every few minutes; after an interruption the same command goes on from there.
    """
    setup = Setup(device=device)
    plan = replace(PLAN, files=files, seed=seed, denoiser=replace(PLAN.denoiser, steps=steps))
    try:
        if setup.where().type == "cpu":
            torch.set_num_threads(1)  # each part of a batch has its own thread
        make(plan, mini_sd, work, out, setup)
    except ConfigError as error:
        typer.echo(f"mini_sdxl: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
