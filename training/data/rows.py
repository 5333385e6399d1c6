"""An .npy file that grows row by row, told in its header how many will come; and read by mapping it into memory."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Kind:
    """What a row of the file is."""

    shape: tuple[int, ...]
    dtype: str  # numpy's: "<f2" is half, "<f4" single precision

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


class Growing:
    """Such files in a folder, one of each name, all with as many rows. Everything raises OSError."""

    def __init__(self, folder: Path, kinds: dict[str, Kind], count: int) -> None:
        self.folder, self.kinds, self.count = folder, kinds, count
        self.files: dict[str, IO[bytes]] = {}

    def bytes_after(self, done: int) -> int:
        """How much is to come."""
        return (self.count - done) * sum(kind.bytes for kind in self.kinds.values())

    def open(self, done: int) -> ExitStack:
        """For rows after the first `done`; what a batch that broke off left behind them goes. To be closed."""
        with ExitStack() as stack:
            for name, kind in self.kinds.items():
                path = self.folder / f"{name}.npy"
                file = stack.enter_context(path.open("r+b" if done else "w+b"))
                head = {"descr": kind.dtype, "fortran_order": False, "shape": (self.count, *kind.shape)}
                np.lib.format.write_array_header_1_0(file, head)
                file.seek(done * kind.bytes, 1)
                file.truncate()
                self.files[name] = file
            return stack.pop_all()

    def add(self, rows: dict[str, Array]) -> None:
        """As many to each file, on the disk when this returns."""
        for name, file in self.files.items():
            file.write(np.ascontiguousarray(rows[name], dtype=self.kinds[name].dtype).tobytes())
            file.flush()


def mapped(path: Path) -> Tensor:
    """All rows, read from the disk when touched; what is written to them stays in memory.

    Raises ValueError, EOFError or OSError for a file that is cut off.
    """
    return torch.from_numpy(np.load(path, mmap_mode="c"))
