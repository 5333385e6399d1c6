"""`python -m tests.pretend_gpu app.py …` runs that as on one of ZeroGPU's machines, with a torch for CPUs.

Real are the spaces package with its emulation of CUDA, its packing of tensors, its workers and its client; the API that
it asks for GPUs is that of tests/zerogpu_api.py. Pretended is what CUDA itself does in a worker: there tensors that go
to "cuda" stay in host memory.
"""

import mmap
import runpy
import sys
from typing import Any

import torch


class Host:
    """torch, whose new tensors are in host memory wherever they are wanted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def empty(self, *values: Any, device: str, **options: Any) -> torch.Tensor:
        return torch.empty(*values, **options)

    def tensor(self, *values: Any, device: str, **options: Any) -> torch.Tensor:
        return torch.tensor(*values, **options)


def pinned(tensor: torch.Tensor) -> torch.Tensor:
    """As pinned memory is, it begins at a page, where the disk can be read into past the cache."""
    return torch.frombuffer(mmap.mmap(-1, tensor.nbytes), dtype=tensor.dtype)


def pretend() -> None:
    """Give torch what spaces looks for in a build with CUDA."""
    patches: dict[str, Any] = {
        "version.cuda": "13.0",
        "_C._cuda_init": lambda: None,
        "cuda._is_in_bad_fork": bool,  # false, and pickled
        "cuda.synchronize": lambda *device: None,
        "Tensor.cuda": lambda tensor, *device, **options: tensor.clone(),
        "Tensor.pin_memory": pinned,
    }
    for path, value in patches.items():
        *owners, name = path.split(".")
        owner: Any = torch
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, value)
    import spaces  # noqa: F401 - first, as the app does it
    from spaces.zero.torch import packing

    packing.torch = Host()


if __name__ == "__main__":
    pretend()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
