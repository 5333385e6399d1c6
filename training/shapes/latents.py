"""The latents stage: pictures and captions encoded once, by the finished autoencoder and text encoder, and stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from rich.progress import track
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from errors import ConfigError
from judging.drawing import Pixels, draw
from judging.scenes import Scene, random_scene
from training.base_training import Stored
from training.loop.setup import Setup
from training.questions import encode
from training.shapes.autoencoder import to_tensor
from training.shapes.captions import random_caption
from training.shapes.tokenizer import LENGTH

CAPTIONS = 3  # different ones of each picture
PAIRS = 0.55  # share of pictures with two objects: the harder ones
BATCH = 20

Seed = tuple[int, ...]


def scenes(pictures: int, seed: Seed) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [random_scene(rng, 1 + int(rng.random() < PAIRS)) for _ in range(pictures)]


def store_all(
    work: Path, count: int, setup: Setup, store: Callable[[int, Path, Path], None]
) -> tuple[list[Path], list[Path]]:
    """The files of latents and of text states; those that are there are taken as they are, unless all begins anew.

    `store` writes the file of pictures and the file of captions of that number.
    """
    pictures, captions = (
        [work / f"{kind}-{number:02d}.pt" for number in range(count)] for kind in ("pictures", "captions")
    )
    with setup.in_turn():  # the others then find them
        for path in pictures + captions if setup.first() and not setup.resume else ():
            path.unlink(missing_ok=True)
        for number in track(range(count), "pictures and captions"):
            store(number, pictures[number], captions[number])
    return pictures, captions


def store_pictures(net: AutoencoderKL, path: Path, pictures: int, seed: Seed) -> None:
    """Write one file of latents, unless it is there."""
    if path.exists():
        return
    drawn = scenes(pictures, seed)
    parts = [
        encoded(net, np.stack([draw(scene) for scene in drawn[start : start + BATCH]]))
        for start in range(0, pictures, BATCH)
    ]
    save({"latents": torch.cat([part[0] for part in parts]), "colours": torch.cat([part[1] for part in parts])}, path)


def store_captions(text: CLIPTextModel, tokens: CLIPTokenizer, path: Path, pictures: int, seed: Seed) -> None:
    """Write one file of text states for the same pictures, unless it is there."""
    if path.exists():
        return
    rng = np.random.default_rng((*seed, 1))
    ids = torch.tensor([caption_ids(scene, rng, tokens) for scene in scenes(pictures, seed) for _ in range(CAPTIONS)])
    states = torch.cat([text_states(text, part) for part in torch.split(ids, BATCH)])
    empty = text_states(text, torch.tensor([padded([int(tokens.bos_token_id or 0)], tokens)]))[0]
    save({"texts": states.view(pictures, CAPTIONS, *states.shape[1:]), "empty": empty}, path)


def save(content: dict[str, Tensor], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(content, part)
    os.replace(part, path)


def scale(path: Path) -> float:
    """The factor that gives the stored latents a mean square of 1, as diffusion assumes."""
    return float(1 / stored_latents(path).float().square().mean().sqrt())


def load_all(folder: Path, factor: float) -> Stored:
    """What `python -m training base` has stored in the folder. Raises ConfigError if there is none."""
    drawn, worded = sorted(folder.glob("pictures-*.pt")), sorted(folder.glob("captions-*.pt"))
    if not drawn or len(drawn) != len(worded):
        found = f"{len(drawn)} files of pictures and {len(worded)} of captions"
        raise ConfigError(
            f"{folder} holds {found}; `python -m training base` stores as many of both. Or name pictures with --data."
        )
    return load(drawn, worded, factor)


def load(pictures: Sequence[Path], captions: Sequence[Path], factor: float) -> Stored:
    """The stored files as training takes them, with what else SDXL's U-Net is told where they hold that."""
    drawn, told = ([torch.load(path, weights_only=True) for path in paths] for paths in (pictures, captions))
    every = {
        key: torch.cat([part[key] for part in parts])
        for parts in (drawn, told)
        for key in ("latents", "time_ids", "texts", "pooled")
        if key in parts[0]
    }
    once = {key: told[0][key] for key in ("empty", "empty_pooled") if key in told[0]}
    return Stored(**{**every, "latents": every["latents"] * factor}, **once)


def stored_latents(path: Path) -> Tensor:
    """Half precision, not scaled yet."""
    return torch.load(path, weights_only=True)["latents"]  # type: ignore[no-any-return]


def caption_ids(scene: Scene, rng: np.random.Generator, tokens: CLIPTokenizer) -> list[int]:
    return padded(encode(random_caption(scene, rng, fillers=0.15), tokens)[0], tokens)


def padded(ids: list[int], tokens: CLIPTokenizer) -> list[int]:
    return ids + [int(tokens.eos_token_id or 0)] * (LENGTH - len(ids))


@torch.no_grad()
def encoded(net: AutoencoderKL, drawn: Pixels) -> tuple[Tensor, Tensor]:
    """Unscaled latents (n, channels, 16, 16), and the pictures' mean colours at the same places (n, 3, 16, 16)."""
    pictures = to_tensor(drawn).to(net.device)
    latents = net.encode(pictures).latent_dist.mode()
    colours = F.adaptive_avg_pool2d(pictures, latents.shape[-2:])
    return latents.half().cpu(), colours.half().cpu()


@torch.no_grad()
def text_states(text: CLIPTextModel, ids: Tensor) -> Tensor:
    return text(ids.to(text.device)).last_hidden_state.half().cpu()  # type: ignore[no-any-return]


def psnr(net: AutoencoderKL, pictures: int, seed: int = 99) -> float:
    """Of reconstructed pictures, in dB."""
    rng = np.random.default_rng(seed)
    errors = []
    for number in range(pictures):
        picture = to_tensor(draw(random_scene(rng, 1 + number % 2, judging=True))[None]).to(net.device)
        with torch.no_grad():
            again = net.decode(net.encode(picture).latent_dist.mode()).sample.clamp(-1, 1)
        errors.append(float(F.mse_loss(again, picture)))
    return float(10 * np.log10(4 / np.mean(errors)))
