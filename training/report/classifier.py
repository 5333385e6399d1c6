"""A small classifier of drawn pictures, whose last hidden layer tells how far two sets of pictures are apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from judging.drawing import Pixels
from training.report.worlds import World

SIDE = 64  # pixels; larger pictures are averaged down to it
FEATURES = 32
STEPS = 2400
BATCH = 64
RATE = 3e-3
CHECKED = 400  # held-out drawings that it is tried on


class Classifier(nn.Module):
    """Five convolutions and the mean over all places: pictures → features → what they show."""

    def __init__(self, labels: int, widths: Sequence[int] = (16, 32, 48, 64)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * (SIDE // 16) ** 2, FEATURES))
        self.head = nn.Linear(FEATURES, labels)

    def features(self, pictures: Tensor) -> Tensor:
        """(n, 3, side, side) in [-1, 1] → (n, FEATURES)."""
        found: Tensor = self.body(F.adaptive_avg_pool2d(pictures, SIDE))
        return found

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of what the pictures show: (n, labels)."""
        found: Tensor = self.head(F.silu(self.features(pictures)))
        return found


def classifier(world: World, folder: Path, bar: Progress, steps: int = STEPS) -> Classifier:
    """The world's classifier: from `folder`, or trained now and kept there. Always the same one on the same machine."""
    path = folder / f"classifier-{world.name}-{steps}.safetensors"
    labels = world.drawn(1, 0, judging=False)[1].shape[1]
    torch.manual_seed(0)
    net = Classifier(labels)
    if path.exists():
        net.load_state_dict(load_file(path))
        return net.eval()
    _train(net, world, bar, steps)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
    return net


def _train(net: Classifier, world: World, bar: Progress, steps: int) -> None:
    """On new drawings in each step; the rate falls to zero along half a cosine."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in bar.track(range(steps), description=f"classifier of {world.name}"):
        pictures, labels = world.drawn(BATCH, 1_000_000 + step, judging=False)
        loss = F.binary_cross_entropy_with_logits(net(to_tensor(pictures)), torch.from_numpy(labels))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
    net.eval()


@torch.no_grad()
def accuracy(net: Classifier, world: World) -> float:
    """The share of drawings of held-out combinations of which it tells everything right."""
    pictures, labels = world.drawn(CHECKED, 7, judging=True)
    told = net(to_tensor(pictures)) > 0
    return float((told == (torch.from_numpy(labels) > 0)).all(1).float().mean())


@torch.no_grad()
def features(net: Classifier, pictures: Sequence[Pixels]) -> Tensor:
    """(pictures, FEATURES)."""
    parts = range(0, len(pictures), BATCH)
    return torch.cat([net.features(to_tensor(pictures[start : start + BATCH])) for start in parts])


def to_tensor(pictures: Sequence[Pixels]) -> Tensor:
    """(n, 3, side, side) in [-1, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
