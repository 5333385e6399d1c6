"""How the loading of a model is told while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Downloading:
    """Bytes of a model's files on their way from the hub to the disk."""

    model: str  # or what else is fetched for it, as in models.spec.Source
    file: str  # the one that moved last; empty: none yet
    done_bytes: int
    total_bytes: int  # 0: the hub has not told yet


@dataclass(frozen=True)
class Loading:
    """A component (unet, vae, text_encoder …) is read from the disk or moved onto the device."""

    model: str
    component: str
    done: int  # components finished
    total: int


# Called from wherever the work is. May raise errors.Cancelled to stop it there.
Report = Callable[[Downloading | Loading], None]
