"""How much memory a training needs: counted from its nets and from what one step keeps, without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Of one process that trains with AdamW in mixed precision, in bytes; the fastest temporaries are not in it."""

    weights: int  # the student's in float32
    gradients: int
    optimizer: int  # AdamW's two moments
    average: int  # the running average of the weights
    teacher: int  # in bfloat16
    activations: int  # what autograd keeps of one forward pass, and the weights' copies in bfloat16

    @property
    def total(self) -> int:
        return sum(vars(self).values())


def needed(student: nn.Module, teacher: nn.Module | None, loss: Callable[[], Tensor]) -> Memory:
    """`loss` makes one step's loss of both, here under autocast to bfloat16; its backward pass is gone too."""
    with torch.autocast("cpu", torch.bfloat16):
        value, activations = counted(loss, [net for net in (student, teacher) if net])
    value.backward()  # type: ignore[no-untyped-call]
    trained = parameters(student)
    return Memory(
        weights=4 * trained,
        gradients=4 * trained,
        optimizer=8 * trained,
        average=4 * trained,
        teacher=2 * parameters(teacher) if teacher else 0,
        activations=activations,
    )


def counted(loss: Callable[[], Tensor], nets: Iterable[nn.Module]) -> tuple[Tensor, int]:
    """The loss, and the bytes of all tensors that its backward pass will read, weights of the nets left out.

    Two tensors on the same storage count once. Exact: autograd itself tells what it keeps.
    """
    weights = {storage(it) for net in nets for it in (*net.parameters(), *net.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if storage(tensor) not in weights:
            kept[storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        return loss(), sum(kept.values())


def storage(tensor: Tensor) -> int:
    """Equal for views of the same memory."""
    return int(tensor.untyped_storage()._cdata)


def imagined(net: Net, mode: FakeTensorMode) -> Net:
    """A net on the meta device, as if it were on the CPU: its operations choose the CPU's kernels, and run none."""
    for module in net.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in list(held.items()):
                if tensor is not None and tensor.is_meta:
                    held[name] = _imagined(tensor, mode)
    return net


def _imagined(tensor: Tensor, mode: FakeTensorMode) -> Any:
    fake = FakeTensor(mode, tensor.detach(), torch.device("cpu"))
    return nn.Parameter(fake, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else fake


def parameters(net: nn.Module) -> int:
    return sum(it.numel() for it in net.parameters())
