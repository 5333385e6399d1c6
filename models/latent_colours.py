"""From each latent to the colour of its place in the picture: by linear factors, or by a small net where those fail."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from errors import ConfigError
from models.spec import LatentSpace


class LatentColours(torch.nn.Module):
    """(n, channels, h, w) latents as the pipeline holds them → (n, 3, h, w), RGB in about [-1, 1].

    Each place by itself, through layers of `widths`: (channels, 3) is a linear map.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Conv2d(here, there, 1) for here, there in pairwise(widths))

    def forward(self, latents: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            latents = F.silu(layer(latents))
        rgb: Tensor = last(latents)
        return rgb

    def save(self, path: Path) -> None:
        save_file({name: tensor.contiguous() for name, tensor in self.state_dict().items()}, path)


def latent_colours(space: LatentSpace) -> LatentColours:
    """What `space` names. Raises ConfigError where its file is none of ours."""
    if space.colours is None:
        net = LatentColours((space.channels, 3))
        weights = {
            "layers.0.weight": torch.tensor(space.rgb).T[..., None, None],
            "layers.0.bias": torch.tensor(space.bias),
        }
    else:
        weights = _read(Path(space.colours))
        shapes = [tensor.shape for name, tensor in sorted(weights.items()) if tensor.ndim == 4]
        net = LatentColours((space.channels, *(shape[0] for shape in shapes)))
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(f"{space.colours} does not fit {space.channels} latent channels: {error}") from error
    return net.eval().requires_grad_(False)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"{path}, the colours of a latent space, cannot be read: {error}") from error
