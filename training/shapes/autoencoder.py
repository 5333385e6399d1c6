"""The autoencoder stage: 128×128 pictures ↔ 16×16 latents of 8 channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from judging.drawing import Pixels, draw
from judging.scenes import COLOURS, SHAPES, SIDE, Item, Scene, random_scene
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train

CHANNELS = (16, 32, 64, 64)  # few where the pictures are large: they cost the time
LATENTS = 8
NOISE = 0.15  # most noise that the decoder is taught to see through, of the latents' own strength
SPIKES = (
    1e-4  # weight of the latents' kurtosis, as a few huge values would rule the denoiser's loss, and of their power
)
EDGES = 0.5  # weight of the error's gradient: crisp edges
LOG_VARIANCE = -8.0  # of what the encoder answers: next to none
CROWDED = 0.25  # share of pictures crowded with overlapping shapes
CROPS = ((0.5, 64), (1.0, 128))  # up to this share of the steps, crops of so many pixels

Crops = Callable[[np.random.Generator, int, int], Pixels]  # of a side, so many: (count, side, side, 3)


def autoencoder(channels: tuple[int, ...] = CHANNELS) -> AutoencoderKL:
    levels = len(channels)
    net = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=2,  # more would take a flat picture's colour away: few channels share a group
        sample_size=SIDE,
        scaling_factor=1.0,
    )
    with torch.no_grad():  # trained without a posterior: noise of a known strength does the same
        net.quant_conv.weight[LATENTS:] = 0
        net.quant_conv.bias[LATENTS:] = LOG_VARIANCE
    return net


def crops(rng: np.random.Generator, side: int, count: int) -> Pixels:
    """(count, side, side, 3): of a drawn picture each."""
    return np.stack([crop(rng, side) for _ in range(count)])


def train_autoencoder(
    net: AutoencoderKL,
    schedule: Schedule,
    checkpoint: Path,
    *,
    draw_crops: Crops = crops,
    sides: Sequence[tuple[float, int]] = CROPS,
    pixels: int = SIDE**2,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
) -> None:
    """`pixels` of a part's batch: small crops come many. `sides` are told as in CROPS."""

    def loss_at(rebuild: nn.Module, place: Place) -> tuple[Tensor, int]:
        rng = np.random.default_rng(place)
        side = side_at(place, schedule, sides)
        pictures = to_tensor(draw_crops(rng, side, max(1, pixels // side**2))).to(net.device)
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return autoencoder_loss(rebuild, pictures, noise), len(pictures)

    train(Rebuild(net), loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup)


def side_at(place: Place, schedule: Schedule, sides: Sequence[tuple[float, int]]) -> int:
    """Of the crops at this step, in pixels."""
    return next(side for share, side in sides if place.step < share * schedule.planned)


class Rebuild(nn.Module):
    """An autoencoder as one call: what several processes, or half precision, are prepared for."""

    def __init__(self, net: AutoencoderKL) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor, dice: torch.Generator) -> tuple[Tensor, Tensor]:
        """The latents, and what is drawn of them through noise of random strength."""
        latents = self.net.encode(pictures).latent_dist.mode()
        amount = NOISE * torch.rand((len(latents), 1, 1, 1), generator=dice).to(latents.device)
        noise = torch.randn(latents.shape, generator=dice).to(latents.device)
        power = latents.square().mean()
        return latents, self.net.decode(latents + amount * power.sqrt() * noise).sample


def autoencoder_loss(rebuild: nn.Module, pictures: Tensor, dice: torch.Generator) -> Tensor:
    """Likeness through noise of random strength, and no spikes: mean(z⁴) / mean(z²)² is 3 for a normal distribution."""
    latents, drawn = rebuild(pictures, dice)
    power = latents.square().mean()
    loss: Tensor = likeness_loss(drawn, pictures) + SPIKES * (latents.pow(4).mean() / power.square() + power)
    return loss


def likeness_loss(drawn: Tensor, pictures: Tensor) -> Tensor:
    error = drawn - pictures
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + error.square().mean() + EDGES * edges


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
            radius=rng.uniform(8, 35),
        )
        for _ in range(rng.integers(2, 7))
    )
    return Scene(background=str(rng.choice(COLOURS)), items=items)


def to_tensor(pictures: Pixels) -> Tensor:
    """(n, side, side, 3) bytes → (n, 3, side, side) in [-1, 1]."""
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
