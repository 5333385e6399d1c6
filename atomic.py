"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

PART = ".part"  # how a file ends that is being written


def write(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Put `content` at `path`, so that a file of that name is whole; else what was there stays. Raises OSError.

    `mode` is what the new file's permissions are at most, from its first byte on.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{PART}")
    try:
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
