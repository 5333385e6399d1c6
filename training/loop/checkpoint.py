"""A training's state on the disk: the newest and the one before it, each whole or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from errors import ConfigError, DarkroomError

State = dict[str, Any]  # tensors, numbers, and lists and dicts of them


class NotSaved(DarkroomError):  # noqa: N818 - reads as what it is wherever it is raised
    """There was no room for a checkpoint; the message says why, and which one is there still."""


def before(path: Path) -> Path:
    """Where the checkpoint of before is kept."""
    return path.with_suffix(f".before{path.suffix}")


def save(path: Path, state: State) -> None:
    """Write the checkpoint; what was there becomes the one before. Raises NotSaved, with both as they were."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())  # else a power cut leaves a file of that name without content
        if path.exists():
            os.replace(path, before(path))
        os.replace(part, path)
    except OSError as error:
        raise NotSaved(_not_saved(path, error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _not_saved(path: Path, error: OSError) -> str:
    kept = [str(one) for one in (path, before(path)) if one.is_file()]
    after = f"The same command then goes on from {kept[0]}" if kept else "The same command then begins anew"
    return f"{path} could not be written: {error.strerror or error}. Make room, or choose another --work. {after}."


def load(path: Path, device: torch.device) -> State | None:
    """The newest checkpoint, None if there is none. Raises ConfigError if it cannot be read."""
    if not path.exists():  # a kill between the two renames of `save` leaves the one before alone
        path = before(path)
    if not path.exists():
        return None
    try:
        state: State = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # whatever torch says of a file that is no checkpoint, or no longer
        raise ConfigError(_unreadable(path)) from error
    return state


def _unreadable(path: Path) -> str:
    older = before(path)
    then = f"goes on from {older}, saved before it" if path != older and older.exists() else "begins anew"
    return f"{path} is no whole checkpoint: it was cut off or damaged. Delete it, and the same command {then}."
