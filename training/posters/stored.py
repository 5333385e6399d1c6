"""Posters and captions encoded once and stored: latents with the sizes and crops that SDXL is told, and text states.

A tenth is cut from a larger poster, a twentieth enlarged from a smaller one; the U-Net is told which, as SDXL's is
(arXiv 2307.01952, section 2.2), so that what is asked for is neither.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from transformers import CLIPTokenizer

from judging.drawing import Pixels
from judging.posters.drawing import TILE, draw
from judging.posters.scenes import PIXELS, Poster, random_poster
from judging.scenes import SIDE
from training.posters.captions import random_caption
from training.posters.text import Readers
from training.questions import encode
from training.shapes.latents import encoded, padded, save

CAPTIONS = 2  # different ones of each picture
CUT, SMALL = 0.1, 0.05  # shares of pictures cut from larger ones, and enlarged from smaller ones
LARGER = 320  # pixels, the longer side of what is cut
BATCH = 20
WHOLE = (
    PIXELS,
    PIXELS,
    0,
    0,
    PIXELS,
    PIXELS,
)  # height and width of the original, top and left of the cut, and its sides

TimeIds = tuple[int, ...]
Seed = tuple[int, ...]


def framed(poster: Poster, rng: np.random.Generator) -> tuple[Pixels, TimeIds]:
    """A picture of half the size, as the encoder takes it, and what of it the U-Net is told."""
    scale, chance = SIDE / PIXELS, rng.random()
    if chance < SMALL:
        small = Image.fromarray(draw(poster, SIDE // 2, SIDE // 2, scale))
        picture = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        return picture, (PIXELS // 2, PIXELS // 2, 0, 0, PIXELS, PIXELS)
    if chance > SMALL + CUT:
        return draw(poster, SIDE, SIDE, 1.0), WHOLE
    cut = int(rng.integers((LARGER - PIXELS) // (TILE // 2) + 1)) * TILE // 2
    start, longer = round(cut * scale), round(LARGER * scale)
    if rng.random() < 0.5:
        picture = draw(poster, longer, SIDE, 1.0)[:, start : start + SIDE]
        return picture, (PIXELS, LARGER, 0, cut, PIXELS, PIXELS)
    picture = draw(poster, SIDE, longer, 1.0)[start : start + SIDE]
    return picture, (LARGER, PIXELS, cut, 0, PIXELS, PIXELS)


def posters(count: int, seed: Seed) -> list[Poster]:
    rng = np.random.default_rng(seed)
    return [random_poster(rng) for _ in range(count)]


@torch.no_grad()
def store_pictures(net: AutoencoderKL, path: Path, count: int, seed: Seed) -> None:
    """Write one file of latents, not scaled yet, their places' colours, and time ids, unless it is there."""
    if path.exists():
        return
    rng = np.random.default_rng((*seed, 1))
    drawn = [framed(poster, rng) for poster in posters(count, seed)]
    pictures = np.stack([picture for picture, _ in drawn])
    parts = [encoded(net, pictures[start : start + BATCH]) for start in range(0, count, BATCH)]
    latents, colours = (torch.cat([part[which] for part in parts]) for which in (0, 1))
    save({"latents": latents, "colours": colours, "time_ids": torch.tensor([told for _, told in drawn])}, path)


@torch.no_grad()
def store_captions(readers: Readers, tokens: CLIPTokenizer, path: Path, count: int, seed: Seed) -> None:
    """Write one file of text states for the same pictures, unless it is there."""
    if path.exists():
        return
    rng = np.random.default_rng((*seed, 2))
    captions = [random_caption(poster, rng, fillers=0.12) for poster in posters(count, seed) for _ in range(CAPTIONS)]
    ids = torch.tensor([padded(encode(caption, tokens)[0], tokens) for caption in captions])
    device = next(readers.parameters()).device
    states = [readers.states(part.to(device)) for part in torch.split(ids, BATCH)]
    texts, pooled = (torch.cat([part[which].half().cpu() for part in states]) for which in (0, 1))
    nothing = torch.tensor([padded([int(tokens.bos_token_id or 0)], tokens)])
    empty, empty_pooled = (part[0].half().cpu() for part in readers.states(nothing.to(device)))
    save(
        {
            "texts": texts.view(count, CAPTIONS, *texts.shape[1:]),
            "pooled": pooled.view(count, CAPTIONS, -1),
            "empty": empty,
            "empty_pooled": empty_pooled,
        },
        path,
    )
