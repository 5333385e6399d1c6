"""The pictures on the disk. A file under its name is whole; what was cut off while it was written has another name.

pictures/2026-11-21/20261121-104500-123456-<id>[-<owner>].png    one folder a day, in UTC
trash/                                                           deleted, and kept for a while
thumbnails/<two digits of the id>/<id>.webp                      made when first asked for
gallery.sqlite                                                   the index
marks.jsonl                                                      stars and tags
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import atomic
from atomic import PART
from gallery.entry import Name


class Folder:
    """Files of a gallery below `root`. Any method may raise OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pictures, self.trash, self.thumbnails = root / "pictures", root / "trash", root / "thumbnails"
        self.index, self.marks = root / "gallery.sqlite", root / "marks.jsonl"

    def prepare(self) -> None:
        """Make what is missing."""
        for folder in (self.pictures, self.trash, self.thumbnails):
            folder.mkdir(parents=True, exist_ok=True)

    def picture(self, name: Name) -> Path:
        return self.pictures / name.path

    def deleted(self, name: Name) -> Path:
        return self.trash / name.file

    def thumbnail(self, name: Name) -> Path:
        return self.thumbnails / name.id[:2] / f"{name.id}.webp"

    def listed(self) -> Iterator[Name]:
        """Every picture that is not deleted, in no order."""
        for day in self.pictures.iterdir():
            if day.is_dir():
                yield from _names(day)

    def thrown(self) -> Iterator[Name]:
        """Every picture that is deleted and still there."""
        yield from _names(self.trash)

    def throw(self, name: Name) -> None:
        """Move a picture to the trash, where its time counts from now."""
        os.utime(self.picture(name))
        self.picture(name).replace(self.deleted(name))

    def fetch(self, name: Name) -> None:
        """Move a picture out of the trash."""
        self.picture(name).parent.mkdir(exist_ok=True)
        self.deleted(name).replace(self.picture(name))

    def tidy(self, part_seconds: float, trash_seconds: float) -> list[Name]:
        """Remove what a writer left behind, and pictures that were deleted so long ago; returns the latter."""
        now = time.time()
        for part in self.root.rglob(f".*{PART}"):
            with suppress(FileNotFoundError):  # its writer lives, and was quicker
                if now - part.stat().st_mtime >= part_seconds:
                    part.unlink()
        gone = []
        for name in list(self.thrown()):
            with suppress(FileNotFoundError):
                if now - self.deleted(name).stat().st_mtime >= trash_seconds:
                    self.deleted(name).unlink()
                    self.thumbnail(name).unlink(missing_ok=True)
                    gone.append(name)
        return gone


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, so that a file of that name is whole and outlives a loss of power. Raises OSError."""
    path.parent.mkdir(exist_ok=True)
    atomic.write(path, content)
    _sync_folder(path.parent)


def _names(folder: Path) -> Iterator[Name]:
    for file in os.listdir(folder):
        if name := Name.of(file):
            yield name


def _sync_folder(folder: Path) -> None:
    """Make a rename last, where the system knows of such a thing."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
