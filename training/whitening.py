"""Evens out the latents: what carries little variance would drown in the noise from which the denoiser starts.

The change of basis is folded into the autoencoder's own 1×1 convolutions: the checkpoint looks like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL
from torch import Tensor

FLOOR = 0.035  # of the largest deviation: directions below it are left small, for they are mostly noise
SPREAD = -8.0  # log variance of the encoder's latents from now on: next to none


@dataclass(frozen=True)
class Basis:
    """even = matrix @ (latents - mean), by channel."""

    mean: Tensor  # (channels,)
    matrix: Tensor  # (channels, channels)

    def apply(self, latents: Tensor) -> Tensor:
        """(n, channels, h, w) as the autoencoder first had them → evened out."""
        centred = latents.float() - self.mean[:, None, None]
        return torch.einsum("ij,njhw->nihw", self.matrix, centred)


def evened(latents: Tensor) -> Basis:
    """The basis in which the channels are independent, with deviations of 1 and a few below."""
    flat = latents.double().movedim(1, -1).flatten(0, 2)
    values, vectors = torch.linalg.eigh(torch.cov(flat.T))
    deviations = values.clamp(min=0).sqrt()
    deviations = deviations.clamp(min=float(FLOOR * deviations.max()))
    return Basis(flat.mean(0).float(), (vectors / deviations).T.float())


@torch.no_grad()
def fold(basis: Basis, net: AutoencoderKL) -> None:
    """Make the autoencoder speak the new basis."""
    into, out = net.quant_conv, net.post_quant_conv
    channels = len(basis.mean)
    device = into.weight.device
    mean, matrix = basis.mean.to(device), basis.matrix.to(device)
    into.weight[:channels] = torch.einsum("ij,jkhw->ikhw", matrix, into.weight[:channels])
    into.bias[:channels] = matrix @ (into.bias[:channels] - mean)
    into.weight[channels:] = 0
    into.bias[channels:] = SPREAD
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight.copy_(torch.einsum("ijhw,jk->ikhw", out.weight, torch.linalg.inv(matrix)))
