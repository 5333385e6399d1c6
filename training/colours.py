"""The preview stage: a small net learns which colour each latent stands for. `python -m training colours` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.progress import track
from torch import Tensor

from errors import ConfigError
from models.latent_colours import LatentColours
from training.judge import WEIGHTS
from training.shapes import latents

HIDDEN = (32, 32)
NOISE = 0.1  # on the latents, whose mean square is 1: those of a picture that develops are not quite right yet
BATCH = 4096  # latents
HELD_OUT = 0.1  # share of the pictures by which the net is told
OUT = WEIGHTS / "mini-colours.safetensors"


def fitted(stored: dict[str, Tensor], factor: float, steps: int, seed: int) -> tuple[LatentColours, list[float]]:
    """The net, and the share of the variance of red, green and blue that it explains on held-out pictures.

    `stored`: latents (n, channels, h, w), not scaled yet, and colours (n, 3, h, w) in [-1, 1].
    """
    torch.manual_seed(seed)
    seen = round(len(stored["latents"]) * (1 - HELD_OUT))
    given, wanted = (stored[key].float() for key in ("latents", "colours"))
    given = given * factor
    places, colours = (tensor[:seen].movedim(1, -1).flatten(0, 2)[..., None, None] for tensor in (given, wanted))
    net = LatentColours((given.shape[1], *HIDDEN, 3))
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in track(range(steps), "colours"):
        chosen = torch.randint(len(places), (BATCH,))
        noisy = places[chosen] + NOISE * torch.randn_like(places[chosen])
        F.mse_loss(net(noisy), colours[chosen]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    with torch.no_grad():
        return net, explained(net(given[seen:]), wanted[seen:])


def explained(predicted: Tensor, wanted: Tensor) -> list[float]:
    """R² of each channel of (n, channels, h, w): 1 is perfect, 0 no better than the mean."""
    error = (predicted - wanted).square().mean((0, 2, 3))
    return (1 - error / wanted.var((0, 2, 3), correction=0)).tolist()


def main(
    work: Annotated[Path, typer.Option(help="Where the stored latents are.")] = Path("runs/mini"),
    out: Annotated[Path, typer.Option(help="File of the net; it is replaced.")] = OUT,
    steps: Annotated[int, typer.Option(help="Of 4096 latents each.")] = 6000,
    seed: Annotated[int, typer.Option(help="Of weights and noise.")] = 0,
) -> None:
    """Learn the colours that a latent space's previews show, from pictures stored by `python -m training base`."""
    path = work / "pictures-00.pt"
    if not path.is_file():
        raise ConfigError(f"There is no {path}. `python -m training base` stores it; name its folder with --work.")
    net, shares = fitted(torch.load(path, weights_only=True), latents.scale(path), steps, seed)
    net.save(out)
    told = ", ".join(f"{share:.1%} of {name}" for share, name in zip(shares, ("red", "green", "blue"), strict=True))
    Console().print(f"{out}: explains {told} on held-out pictures")
