"""The last stage of mini-sdxl's autoencoder: a level more, so that latents of posters of half the size stand for whole
ones. The decoder learns the finer edges, the encoder to answer what it answered for the half-sized picture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor, nn

from judging.drawing import Pixels
from judging.posters.drawing import TILE, draw
from judging.posters.scenes import PIXELS, random_poster
from judging.scenes import SIDE
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.posters.autoencoder import crowd
from training.shapes.autoencoder import CROWDED, NOISE, likeness_loss, side_at, to_tensor

CROPS = ((0.6, 128), (1.0, PIXELS))  # up to this share of the steps, crops of so many pixels
SAME = 1.0  # weight of the distance between both encoders' latents


def enlarged(half: AutoencoderKL) -> AutoencoderKL:
    """With one level more: at first it draws what `half` does, each pixel twice as wide and as high."""
    settings = {key: value for key, value in half.config.items() if not key.startswith("_")}
    channels = (half.config.block_out_channels[0], *half.config.block_out_channels)
    for way in ("down", "up"):
        settings[f"{way}_block_types"] = (settings[f"{way}_block_types"][0],) * len(channels)
    net = AutoencoderKL(**{**settings, "block_out_channels": channels, "sample_size": PIXELS})
    with torch.no_grad():
        for block in (net.encoder.down_blocks[0], net.decoder.up_blocks[-1]):
            for resnet in block.resnets:
                for weights in resnet.conv2.parameters():
                    nn.init.zeros_(weights)
        pass_on(net.encoder.down_blocks[0].downsamplers[0].conv, (0, 1))
        pass_on(net.decoder.up_blocks[-2].upsamplers[0].conv, (1,))
    own = net.state_dict()
    net.load_state_dict({**own, **{one_level_in(key): tensor for key, tensor in half.state_dict().items()}})
    return net


def pass_on(conv: nn.Conv2d, where: tuple[int, ...]) -> None:
    """Each channel as it is: the mean of the kernel's places `where`, down and across."""
    for weights in conv.parameters():
        nn.init.zeros_(weights)
    for channel in range(conv.weight.shape[0]):
        for row in where:
            for column in where:
                conv.weight[channel, channel, row, column] = 1 / len(where) ** 2


def one_level_in(key: str) -> str:
    """Where a tensor of the smaller autoencoder stands in the larger one."""
    start = "encoder.down_blocks."
    if not key.startswith(start):
        return key
    number, rest = key.removeprefix(start).split(".", 1)
    return f"{start}{int(number) + 1}.{rest}"


class Both(nn.Module):
    """Encoder and decoder of one level more, beside each other."""

    def __init__(self, net: AutoencoderKL) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor, latents: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures' latents, and what is drawn of those given."""
        return self.net.encode(pictures).latent_dist.mode(), self.net.decode(latents).sample


def train_level(
    net: AutoencoderKL,
    half: AutoencoderKL,
    schedule: Schedule,
    checkpoint: Path,
    *,
    pixels: int = PIXELS**2 // 2,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
) -> None:
    """`pixels` of a part's batch."""

    def loss_at(both: nn.Module, place: Place) -> tuple[Tensor, int]:
        rng = np.random.default_rng(place)
        side = side_at(place, schedule, CROPS)
        drawn = [cut(rng, side) for _ in range(max(1, pixels // side**2))]
        small, large = (to_tensor(np.stack(pictures)).to(net.device) for pictures in zip(*drawn, strict=True))
        return level_loss(both, half, small, large, place.dice()), len(drawn)

    half.eval().requires_grad_(False)
    train(Both(net), loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup)


def level_loss(both: nn.Module, half: AutoencoderKL, small: Tensor, large: Tensor, dice: torch.Generator) -> Tensor:
    """Likeness to the large pictures through noise on the small ones' latents, and the same latents for both.

    `small` (n, 3, side, side), `large` (n, 3, 2 side, 2 side), both in [-1, 1].
    """
    with torch.no_grad():
        latents = half.encode(small).latent_dist.mode()
    power = latents.square().mean()
    amount = NOISE * torch.rand((len(latents), 1, 1, 1), generator=dice).to(latents.device) * power.sqrt()
    noise = torch.randn(latents.shape, generator=dice).to(latents.device)
    found, drawn = both(large, latents + amount * noise)
    loss: Tensor = likeness_loss(drawn, large) + SAME * F.mse_loss(found, latents) / power
    return loss


def cut(rng: np.random.Generator, side: int) -> tuple[Pixels, Pixels]:
    """The same square of a poster, in half and in full size: (side / 2, side / 2, 3) and (side, side, 3)."""
    poster = crowd(rng) if rng.random() < CROWDED else random_poster(rng)
    item = poster.items[rng.integers(len(poster.items))]
    middle = (np.array((item.x, item.y)) + rng.uniform(-1.0, 1.0, 2) * item.radius) * PIXELS / SIDE
    x, y = (int(at) // (TILE // 2) * (TILE // 2) for at in np.clip(middle - side / 2, 0, PIXELS - side))
    small, large = draw(poster, SIDE, SIDE, 1.0), draw(poster)
    inner = small[y // 2 : (y + side) // 2, x // 2 : (x + side) // 2]
    return inner, large[y : y + side, x : x + side]
