"""The autoencoder stage: 256×256 pictures ↔ 16×16 latents of 8 channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.drawing import Pixels, draw
from training.loop import Schedule, train
from training.scenes import COLOURS, SHAPES, SIDE, Item, Scene, random_scene

CHANNELS = (8, 16, 32, 64, 128)  # few where the pictures are large: they cost the time
LATENTS = 8
KL = 1e-4  # keeps the latents near a unit normal
EDGES = 0.5  # weight of the error's gradient: crisp edges
CROWDED = 0.25  # share of pictures crowded with overlapping shapes
CROPS = ((0.4, 64), (0.83, 128), (1.0, 256))  # up to this share of the steps, crops of so many pixels
DECODER_CROPS = ((0.6, 128), (1.0, 256))
BLUR = 0.08  # noise on the latents from which the decoder is trained on, in their standard deviations


def autoencoder(channels: tuple[int, ...] = CHANNELS) -> AutoencoderKL:
    levels = len(channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=1,  # more would take a flat picture's colour away: few channels share a group
        sample_size=SIDE,
        scaling_factor=1.0,
    )


def train_autoencoder(
    net: AutoencoderKL,
    schedule: Schedule,
    checkpoint: Path,
    *,
    decoder_only: bool = False,
    pixels: int = SIDE**2,
    seed: int = 0,
    parts: int = 1,
) -> None:
    """Train all of it, or the decoder on the latents as they are. `pixels` of a part's batch: small crops come many."""
    crops = DECODER_CROPS if decoder_only else CROPS
    for half in (net.encoder, net.quant_conv):
        half.requires_grad_(not decoder_only)

    def loss_at(step: int, part: int) -> tuple[Tensor, int]:
        rng = np.random.default_rng((seed, int(decoder_only), step, part))
        side = next(side for share, side in crops if step < share * schedule.planned)
        pictures = to_tensor(np.stack([crop(rng, side) for _ in range(max(1, pixels // side**2))])).to(net.device)
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return (decoder_loss if decoder_only else autoencoder_loss)(net, pictures, noise), len(pictures)

    net.train()
    train(net, loss_at, schedule, checkpoint, parts=parts)
    net.eval().requires_grad_(True)


def autoencoder_loss(net: AutoencoderKL, pictures: Tensor, dice: torch.Generator) -> Tensor:
    posterior = net.encode(pictures).latent_dist
    spread = posterior.mean.square() + posterior.var - 1 - posterior.logvar
    latents = posterior.mean + posterior.std * noise_like(posterior.mean, dice)
    loss: Tensor = likeness_loss(net.decode(latents).sample, pictures) + KL * spread.mean()
    return loss


def decoder_loss(net: AutoencoderKL, pictures: Tensor, dice: torch.Generator) -> Tensor:
    """With noise on the latents, for the denoiser's are not exact."""
    with torch.no_grad():
        latents = net.encode(pictures).latent_dist.mode()
        latents += BLUR * latents.std() * noise_like(latents, dice)
    return likeness_loss(net.decode(latents).sample, pictures)


def likeness_loss(drawn: Tensor, pictures: Tensor) -> Tensor:
    error = drawn - pictures
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + error.square().mean() + EDGES * edges


def noise_like(latents: Tensor, dice: torch.Generator) -> Tensor:
    return torch.randn(latents.shape, generator=dice).to(latents.device)


def crop(rng: np.random.Generator, side: int) -> Pixels:
    """A square cut from a picture around one of its objects: plain ground teaches little."""
    scene = crowd(rng) if rng.random() < CROWDED else random_scene(rng, int(rng.integers(1, 3)))
    item = scene.items[rng.integers(len(scene.items))]
    middle = np.array((item.x, item.y)) + rng.uniform(-0.5, 0.5, 2) * side
    x, y = np.clip(middle - side / 2, 0, SIDE - side).astype(int)
    return draw(scene)[y : y + side, x : x + side]


def crowd(rng: np.random.Generator) -> Scene:
    """Many shapes of any size anywhere, overlapping."""
    items = tuple(
        Item(
            shape=str(rng.choice(SHAPES)),
            colour=str(rng.choice(COLOURS)),
            size="medium",
            x=rng.uniform(0, SIDE),
            y=rng.uniform(0, SIDE),
            radius=rng.uniform(16, 70),
        )
        for _ in range(rng.integers(2, 7))
    )
    return Scene(background=str(rng.choice(COLOURS)), items=items)


def to_tensor(pictures: Pixels) -> Tensor:
    """(n, side, side, 3) bytes → (n, 3, side, side) in [-1, 1]."""
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
