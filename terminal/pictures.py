"""Where the pictures of a run go, and how they are written: all of a file or nothing of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import atomic
from errors import DarkroomError, InvalidRequest
from generation.events import Picture
from terminal.text import plain

SUFFIX = ".png"
OTHERS = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")  # a slip of the pen, not names of folders


@dataclass(frozen=True)
class Destination:
    """A folder, in which `stem` names the file; None names each picture by its model and seed."""

    folder: Path
    stem: str | None

    def path(self, picture: Picture, model: str, count: int) -> Path:
        """Where `picture` of `count` goes. In a folder nothing that is there is overwritten."""
        if self.stem is not None:
            number = f"-{picture.index + 1}" if count > 1 else ""
            return self.folder / f"{self.stem}{number}{SUFFIX}"
        return _unused(self.folder, f"{model}-{picture.seed}")


def destination(out: str) -> Destination:
    """What `--out` means: a name that ends in .png is a file, everything else a folder, made when needed.

    Raises InvalidRequest where nothing could be written.
    """
    if plain(out) != out or not out:
        raise InvalidRequest(f"--out is '{plain(out)}'. Give a folder, or a file that ends in {SUFFIX}.", "out")
    path = Path(out).expanduser()
    is_file = path.suffix.lower() == SUFFIX and not path.is_dir()
    if path.suffix.lower() in OTHERS and not path.is_dir():
        raise InvalidRequest(f"--out is {path}, but pictures are PNG files. Let it end in {SUFFIX}.", "out")
    chosen = Destination(path.parent, path.stem) if is_file else Destination(path, None)
    nearest = next(folder for folder in (chosen.folder, *chosen.folder.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        why = "is not a folder" if not nearest.is_dir() else "may not be written to"
        raise InvalidRequest(f"--out is {path}, but {nearest} {why}. Name another place.", "out")
    return chosen


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that whoever looks there finds all of it or what was there before.

    Raises DarkroomError where that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
    except OSError as error:
        raise DarkroomError(f"{path} cannot be written ({error.strerror}). Name another place with --out.") from error


def _unused(folder: Path, stem: str) -> Path:
    path, number = folder / f"{stem}{SUFFIX}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{SUFFIX}", number + 1
    return path
