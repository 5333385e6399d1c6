"""What a training is made of, told shortly: its checkpoint is of no use to one that is made of anything else."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from torch import Tensor, nn

VALUES = 64  # that are looked at, of each tensor


def fingerprints(made_of: Mapping[str, object]) -> dict[str, str]:
    """Of nets and tensors by some of their values, the same on any device; all else as it is written."""
    return {name: _of(it) if isinstance(it, nn.Module | Tensor) else str(it) for name, it in made_of.items()}


def _of(it: nn.Module | Tensor) -> str:
    digest = blake2b(digest_size=8)
    for tensor in it.state_dict().values() if isinstance(it, nn.Module) else [it]:
        flat = tensor.detach().flatten()
        few = flat[:: max(1, len(flat) // VALUES)]
        digest.update(f"{tuple(tensor.shape)}".encode() + few.float().cpu().numpy().tobytes())
    return digest.hexdigest()


def differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What `there` was made of that is not `wanted`; where one of both does not say, it is taken to be the same."""
    return [
        f"{name} {was}" if name.startswith("--") else f"other {name}"
        for name, was in there.items()
        if wanted.get(name, was) != was
    ]
