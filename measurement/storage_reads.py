"""A cold load: the OS's file cache without the model's files, as far as this OS can be asked, and what it did read."""

from __future__ import annotations

import os
from pathlib import Path

from errors import ModelUnavailable
from models import storage
from models.spec import ModelSpec

_OURS = Path("/proc/self/io")  # of this process


def forget(spec: ModelSpec) -> None:
    """Ask the OS to drop the model's files from its cache; it may keep what others use. Nothing on other systems."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in _files(spec):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(descriptor)  # what is not written yet is not dropped
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            pass  # read-only file systems know no sync
        finally:
            os.close(descriptor)


def total(spec: ModelSpec) -> int:
    """Bytes of the model's files."""
    return sum(path.stat().st_size for path in _files(spec))


def read() -> int | None:
    """Bytes that the storage has delivered to this process so far; None where the OS does not count them."""
    try:
        lines = _OURS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))
    except (OSError, StopIteration):
        return None


def _files(spec: ModelSpec) -> list[Path]:
    try:
        chosen = storage.chosen(spec)
    except ModelUnavailable:
        return []
    return [(folder / name).resolve() for it, folder in chosen for name in (*it.small, *it.weights)]
