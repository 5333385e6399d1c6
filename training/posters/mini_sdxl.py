"""Makes `mini-sdxl` of mini-sd's autoencoder and drawn posters. Stopped at any moment, the same command goes on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTokenizer

from training import options
from training.architectures import MINI_SDXL
from training.base_training import train_denoiser
from training.export import LARGEST_FILE, replaced, scheduler
from training.judge import WEIGHTS
from training.loop.samples import drawn_by
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Again, Setup
from training.posters import stored
from training.posters.autoencoder import CROPS, crops
from training.posters.captions import plain_caption, vocabulary
from training.posters.judge import held_out_posters
from training.posters.level import enlarged, train_level
from training.posters.text import Readers, train_text
from training.shapes.autoencoder import train_autoencoder
from training.shapes.latents import load, scale, store_all
from training.shapes.tokenizer import write_tokenizer

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


def make(plan: Plan, mini_sd: Path, work: Path, out: Path, setup: Setup) -> None:
    """All stages in turn; each takes up its own checkpoint."""
    device, again = setup.where(), Again(seed=plan.seed, parts=plan.parts, setup=setup)
    half = AutoencoderKL.from_pretrained(mini_sd / "vae", dtype=torch.float32)
    half = half.to(device, memory_format=torch.channels_last)
    first = work / "autoencoder.pt"
    train_autoencoder(half, plan.autoencoder, first, draw_crops=crops, sides=CROPS, pixels=plan.pixels, **again)
    net = enlarged(half).to(device, memory_format=torch.channels_last)
    train_level(net, half, plan.level, work / "level.pt", pixels=2 * plan.pixels, **again)

    with setup.in_turn():
        write_tokenizer(work / "tokenizer", vocabulary())
    tokens = CLIPTokenizer.from_pretrained(work / "tokenizer")
    torch.manual_seed(plan.seed)
    readers = Readers(tokens).to(device)
    train_text(readers, tokens, plan.text, work / "text.pt", batch=plan.text_batch, **again)

    pictures, captions = encoded(plan, work, half, readers, tokens, setup)
    factor = scale(pictures[0])
    net.register_to_config(scaling_factor=factor)
    torch.manual_seed(plan.seed)
    unet = UNet2DConditionModel(**MINI_SDXL).to(device)
    sheet = drawn_by(assembled(net, readers, tokens, unet), [plain_caption(poster) for poster in held_out_posters(8)])
    seen = load(pictures, captions, factor)
    train_denoiser(unet, seen, plan.denoiser, work / "denoiser.pt", batch=plan.batch, sheet=sheet, **again)
    if setup.first():
        export(out, net, readers, tokens, unet)


def encoded(
    plan: Plan, work: Path, net: AutoencoderKL, readers: Readers, tokens: CLIPTokenizer, setup: Setup
) -> tuple[list[Path], list[Path]]:
    """The files of latents and of text states; those that are there are taken as they are, unless all begins anew."""

    def store(number: int, pictures: Path, captions: Path) -> None:
        stored.store_pictures(net, pictures, plan.pictures, (plan.seed, number))
        stored.store_captions(readers, tokens, captions, plan.pictures, (plan.seed, number))

    return store_all(work, plan.files, setup, store)


def export(
    folder: Path, net: AutoencoderKL, readers: Readers, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> None:
    """Write a Stable Diffusion XL checkpoint folder anew, in half precision, in files under 9 MB."""
    pipeline = assembled(net, readers, tokens, unet)
    nets = {"vae": net, "text_encoder": readers.first, "text_encoder_2": readers.second, "unet": unet}
    with replaced(folder) as new:
        for name, part in nets.items():
            part.cpu().half().save_pretrained(new / name, max_shard_size=LARGEST_FILE)
        for name in ("tokenizer", "tokenizer_2"):
            shutil.copytree(tokens.name_or_path, new / name)
        pipeline.scheduler.save_pretrained(new / "scheduler")
        pipeline.save_config(new)  # model_index.json


def assembled(
    net: AutoencoderKL, readers: Readers, tokens: CLIPTokenizer, unet: UNet2DConditionModel
) -> StableDiffusionXLPipeline:
    """The stock pipeline of the parts."""
    return StableDiffusionXLPipeline(
        vae=net,
        text_encoder=readers.first,
        text_encoder_2=readers.second,
        tokenizer=tokens,
        tokenizer_2=tokens,
        unet=unet,
        scheduler=scheduler(),
        force_zeros_for_empty_prompt=False,  # it has learned what the empty caption is, not what zeros are
        add_watermarker=False,
    )


@options.spread
def main(
    mini_sd: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of mini-sd, as whose the autoencoder begins.")
    ] = WEIGHTS / "mini-sd",
    out: options.Out = WEIGHTS / "mini-sdxl",
    files: Annotated[int, typer.Option(min=1, help="Files of a thousand stored posters to learn from.")] = PLAN.files,
    pictures: Annotated[int, typer.Option(min=1, help="Of each file.")] = PLAN.pictures,
    autoencoder_steps: options.Steps = PLAN.autoencoder.steps,
    level_steps: options.Steps = PLAN.level.steps,
    text_steps: options.Steps = PLAN.text.steps,
    learning: Learning = Learning(
        steps=PLAN.denoiser.steps, rate=PLAN.denoiser.rate, batch=PLAN.batch, accumulation=PLAN.parts, seed=PLAN.seed
    ),
    work: options.Work = WORK,
    setup: Setup = Setup(),
) -> None:
    """Train autoencoder, both text encoders and U-Net of mini-sdxl on drawn posters, and write its checkpoint folder.

    --steps, --rate, --batch are those of the U-Net: the last stage, and the longest.
    """
    plan = replace(
        PLAN,
        autoencoder=replace(PLAN.autoencoder, steps=autoencoder_steps),
        level=replace(PLAN.level, steps=level_steps),
        text=replace(PLAN.text, steps=text_steps),
        denoiser=replace(PLAN.denoiser, steps=learning.steps, rate=learning.rate),
        files=files,
        pictures=pictures,
        batch=learning.batch,
        parts=learning.accumulation,
        seed=learning.seed,
    )
    make(plan, mini_sd, work, out, setup)
