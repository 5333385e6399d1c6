"""A component in memory: its weights' home in host memory, and their copy on the device while they are needed there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from models.device import Device

if TYPE_CHECKING:
    from torch import Tensor, nn


class Part:
    """A component and where its weights are. Only the worker thread touches one.

    On a GPU the host copy is kept while the weights are on the device, so that leaving it copies nothing: the net is
    handed its host tensors back. On a CPU the two are the same memory.
    """

    def __init__(self, key: str, module: Any) -> None:
        self.key = key
        self.module = module  # a net; or a tokenizer, scheduler …, which has no tensors and stays in host memory
        self.on_device = False
        self._home = {(id(owner), name): tensor.data for owner, name, tensor in _tensors(module)}
        self._dtypes = {at: tensor.dtype for at, tensor in self._home.items()}
        self.bytes = sum(tensor.nbytes for tensor in self._home.values())
        self.in_host = True  # false: the device alone holds the weights

    def to_device(self, device: Device) -> None:
        """Put the weights there, and undo whatever a run that broke off did to their precision."""
        self.on_device = True
        if device.kind == "cpu":
            return
        for owner, name, tensor in _tensors(self.module):
            at = id(owner), name
            if tensor.device.type != device.kind or tensor.dtype != self._dtypes[at]:
                _assign(owner, name, self._home.get(at, tensor.data).to(device.kind, self._dtypes[at]))

    def to_host(self) -> None:
        """Off the device; only where `in_host`."""
        for owner, name, _ in _tensors(self.module):
            _assign(owner, name, self._home[id(owner), name])
        self.on_device = False

    def forget_host(self) -> None:
        """Let the device alone hold the weights."""
        self._home = {}
        self.in_host = False

    def close(self) -> None:
        """Free all of its memory at once, whoever still refers to the module."""
        for owner, name, tensor in _tensors(self.module):
            _assign(owner, name, tensor.data.new_empty(0))
        self._home = {}
        self.on_device = self.in_host = False


def _tensors(module: Any) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """All parameters and buffers, each with the module that owns it."""
    for owner in module.modules() if hasattr(module, "modules") else ():
        for named in (owner._parameters, owner._buffers):
            for name, tensor in list(named.items()):
                if tensor is not None:
                    yield owner, name, tensor


def _assign(owner: nn.Module, name: str, tensor: Tensor) -> None:
    """Put the tensor in place; within the same parameter where torch allows it, as `nn.Module.to` does."""
    import torch

    parameter = owner._parameters.get(name)
    if parameter is None:
        owner._buffers[name] = tensor
    elif torch._has_compatible_shallow_copy_type(parameter.data, tensor):
        parameter.data = tensor
    else:
        owner._parameters[name] = torch.nn.Parameter(tensor, requires_grad=False)
