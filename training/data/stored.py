"""Pictures and captions, encoded once by a teacher and kept on the disk: training then reads latents and text states.

One .npy file of each kind, grown row by row and mapped into memory, so a set may be larger than memory. An interrupted
encoding goes on where it was.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import track
from torch import Tensor

import atomic
from errors import ConfigError
from models.amounts import bytes_text
from training.base_training import Stored
from training.data.pictures import Broken, Pair, examine, square
from training.data.rows import Array, Growing, Kind, mapped
from training.data.sources import Source
from training.teacher import Teacher

RECORD = "stored.json"
BATCH = 16
HALF, SINGLE = "<f2", "<f4"
EMPTY = ("empty", "empty_pooled")  # of which there is one for all pictures


@dataclass(frozen=True, kw_only=True)
class Made:
    """Of what the rows are made."""

    pictures: str  # fingerprint of the data
    teacher: str  # identities of what encodes
    size: int  # pixels of a side
    captions: int  # of each picture


@dataclass(frozen=True, kw_only=True)
class Record:
    """What `stored.json` says."""

    made: Made
    count: int  # pictures in all
    done: int  # of them are encoded


def store(
    source: Source, teacher: Teacher, folder: Path, *, side: int = 0, captions: int = 1, least: int = 1
) -> Stored:
    """The source's pictures as the teacher encodes them, from `folder` as far as they are there.

    `side` in pixels; 0 is the teacher's own. Raises ConfigError for pictures or captions that will not do, fewer than
    `least` of them, no room, or a folder that holds others.
    """
    side = checked_side(teacher, side)
    encoders = {name: key for name, key in teacher.identities.items() if name not in ("unet", "scheduler")}
    made = Made(pictures=source.fingerprint, teacher=json.dumps(encoders), size=side, captions=captions)
    record = read(folder)
    if record is None:
        pairs = track(source.pairs(), "Looking at the pictures", console=Console(stderr=True), transient=True)
        record = Record(made=made, count=examine(source.name, pairs, side, least=least, captions=captions), done=0)
    refuse_others(folder, record.made, made)
    if record.done < record.count:
        _encode(source, teacher, folder, record)
    return load(folder)


def checked_side(teacher: Teacher, side: int) -> int:
    """The teacher's own for 0. Raises ConfigError for what its U-Net cannot halve."""
    if side % teacher.multiple or side < 0:
        near = max(teacher.multiple, side // teacher.multiple * teacher.multiple)
        raise ConfigError(
            f"--size is {side}. {teacher.spec.name} takes pictures whose sides are multiples of {teacher.multiple} "
            f"pixels; try {near}, or leave it out for its own {teacher.side}."
        )
    return side or teacher.side


def read(folder: Path) -> Record | None:
    """None: nothing is stored there. Raises ConfigError for a record that is none."""
    try:
        said = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Record(**{**said, "made": Made(**said["made"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(folder, folder / RECORD) from error


def refuse_others(folder: Path, there: Made, wanted: Made) -> None:
    names = {"pictures": "other pictures or captions", "teacher": "another teacher"}
    names |= {"size": f"--size {there.size}", "captions": f"{there.captions} captions of each picture"}
    if changed := [what for key, what in names.items() if getattr(there, key) != getattr(wanted, key)]:
        raise ConfigError(
            f"{folder} was made with {' and '.join(changed)}. Delete it to have it made anew, or name another --work."
        )


def load(folder: Path) -> Stored:
    """What is stored, mapped: a batch reads its own rows alone. Raises ConfigError if it is cut off."""
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            found[path.stem] = mapped(path)
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(folder, path) from error
    return Stored(**{name: rows[0] if name in EMPTY else rows for name, rows in found.items()})


def _damaged(folder: Path, path: Path) -> ConfigError:
    return ConfigError(f"{path} is cut off or damaged. Delete {folder}; the pictures are encoded again.")


def _encode(source: Source, teacher: Teacher, folder: Path, record: Record) -> None:
    """Row by row, from the first that is not there; told in the record after each batch."""
    files = Growing(folder, kinds(teacher, record.made), record.count)
    starts = range(record.done, record.count, BATCH)
    pairs = source.pairs(record.done)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_without_room(folder, files.bytes_after(record.done))
        save_empty(folder, teacher)
        with files.open(record.done):
            for start in track(starts, "Encoding the pictures", console=Console(stderr=True), transient=True):
                files.add(encoded(list(islice(pairs, BATCH)), teacher, record.made))
                now = replace(record, done=min(start + BATCH, record.count))
                atomic.write(folder / RECORD, json.dumps(asdict(now)).encode())
    except OSError as error:
        raise unwritable(folder, error) from error


def encoded(pairs: Sequence[Pair], teacher: Teacher, made: Made) -> dict[str, Array]:
    """Latents (n, …) and text states (n, captions, …); for SDXL pooled states and time ids too."""
    squares = [square(_opened(pair), made.size) for pair in pairs]
    prompts = teacher.prompts([text for pair in pairs for text in pair.captions[: made.captions]])
    found = {
        "latents": teacher.latents(torch.stack([it.pixels for it in squares])),
        "texts": prompts.states.view(len(pairs), made.captions, *prompts.states.shape[1:]),
    }
    if prompts.pooled is not None:
        found["pooled"] = prompts.pooled.view(len(pairs), made.captions, -1)
        found["time_ids"] = torch.tensor([it.time_ids for it in squares])
    return {name: rows.cpu().numpy() for name, rows in found.items()}


def _opened(pair: Pair) -> Image.Image:
    try:
        return pair.open()
    except Broken as error:
        raise ConfigError(f"--data: {pair.name} cannot be opened any more: {error}.") from error


def kinds(teacher: Teacher, made: Made) -> dict[str, Kind]:
    """What is kept of each picture."""
    empty, vae = teacher.empty(), teacher.pipeline.vae.config
    side = made.size // teacher.pipeline.vae_scale_factor
    found = {
        "latents": Kind((vae.latent_channels, side, side), HALF),
        "texts": Kind((made.captions, *empty.states.shape[1:]), HALF),
    }
    if empty.pooled is not None:
        found["pooled"] = Kind((made.captions, *empty.pooled.shape[1:]), HALF)
        found["time_ids"] = Kind((6,), SINGLE)  # thousands of pixels
    return found


def save_empty(folder: Path, teacher: Teacher) -> None:
    empty = teacher.empty()
    np.save(folder / "empty.npy", empty.states.half().cpu().numpy())
    if empty.pooled is not None:
        np.save(folder / "empty_pooled.npy", empty.pooled.half().cpu().numpy())


def refuse_without_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ConfigError(
            f"The encoded pictures take {bytes_text(needed)} more in {folder}, where {bytes_text(free)} are free. "
            "Free some space, name another --work, a smaller --size or fewer pictures."
        )


def unwritable(folder: Path, error: OSError) -> ConfigError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ConfigError(f"The disk of {folder} is full. Free some space and start again: it goes on from there.")
    return ConfigError(f"{folder} cannot be written to ({error.strerror}). Name another with --work.")
