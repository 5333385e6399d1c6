"""The published architectures at full size with noise for weights: for timing, which does not depend on the values.

Nothing is downloaded or written to the disk but a tokenizer's vocabulary. What comes of it is noise, never a picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import diffusers
import psutil  # type: ignore[import-untyped]  # comes with accelerate
import torch
from torch.overrides import TorchFunctionMode
from transformers import CLIPTokenizer

from errors import ConfigError, ModelUnavailable
from models.amounts import bytes_text
from models.architectures import ARCHITECTURES, Architecture
from models.checkpoint import Checkpoint, Component
from models.device import Device
from models.progress import Report
from models.spec import ModelSpec

_NOISE = 1_000_003  # values that are repeated; a prime, so that no tensor's rows are equal


def checkpoint(spec: ModelSpec, device: Device, report: Report) -> Checkpoint:
    """The model that `spec.repo` publishes, without its weights. Raises ConfigError, or ModelUnavailable."""
    architecture = ARCHITECTURES.get(spec.repo)
    if architecture is None:
        raise ConfigError(f"The architecture of {spec.repo} is not known. Known are: {', '.join(ARCHITECTURES)}.")
    nets = shells(architecture, getattr(torch, device.dtype))
    needed = sum(_bytes(net) for net in nets.values())
    free = int(psutil.virtual_memory().available)
    if device.kind != "cpu" and needed > free:  # on a CPU, where they are the same, the residency looks
        raise ModelUnavailable(
            f"{spec.name}: its weights take {bytes_text(needed)} of host memory before they go to the {device.name}, "
            f"and {bytes_text(free)} are free. Choose a smaller model, or close what else uses the memory."
        )
    components = [_component(name, net, device) for name, net in nets.items()]
    for name in ("tokenizer", *(("tokenizer_2",) if "text_encoder_2" in nets else ())):
        components.append(Component(name, "random tokenizer", 0, tokenizer))
    scheduler = partial(_scheduler, architecture.scheduler)
    components.append(Component("scheduler", f"random {dict(architecture.scheduler)}", 0, scheduler))
    return Checkpoint(tuple(components), {})


def shells(architecture: Architecture, dtype: torch.dtype) -> dict[str, torch.nn.Module]:
    """Its networks with weights on the meta device, which take no memory; buffers are what they are to be."""
    with _NoWeights():
        return {name: _as(dtype, net) for name, net in architecture.build().items()}


def shell(architecture: Architecture, name: str, dtype: torch.dtype) -> torch.nn.Module:
    """One of them."""
    with _NoWeights():
        return _as(dtype, architecture.network(name))


def _as(dtype: torch.dtype, net: torch.nn.Module) -> torch.nn.Module:
    # diffusers' own `to` warns of layers that it would keep in float32; none of these nets has any.
    return torch.nn.Module.to(net, dtype)


def filled(net: torch.nn.Module, device: Device) -> Any:
    """`net` with weights in host memory that keep its numbers in range, in the layout that suits `device`."""
    noise = torch.empty(_NOISE).uniform_(-1, 1, generator=torch.Generator().manual_seed(0))
    for module in net.modules():
        for name, weight in list(module._parameters.items()):
            if weight is not None and weight.is_meta:
                module._parameters[name] = torch.nn.Parameter(_values(name, weight, noise, device), False)
    return net.eval()


def tokenizer() -> CLIPTokenizer:
    """One that spells every word: nothing is learned of words here."""
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    with TemporaryDirectory(prefix="darkroom-words-") as folder:
        vocabulary, merges = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocabulary.write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
        merges.write_text("#version: 0.2\n")
        return CLIPTokenizer(vocab=str(vocabulary), merges=str(merges), model_max_length=77)


class _NoWeights(TorchFunctionMode):
    """What modules leave uninitialised is made on the meta device: layers make their weights so, and buffers not."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _component(name: str, net: torch.nn.Module, device: Device) -> Component:
    shapes = sorted((key, tuple(it.shape)) for key, it in net.state_dict().items())
    said = repr((type(net).__name__, str(getattr(net, "config", "")), shapes, device.dtype))
    key = f"random {hashlib.sha256(said.encode()).hexdigest()}"
    return Component(name, key, _bytes(net), partial(filled, net, device))


def _values(name: str, weight: torch.Tensor, noise: torch.Tensor, device: Device) -> torch.Tensor:
    """Ones and zeros for a norm's weights and any bias; else noise as wide as torch's own for so many inputs."""
    if weight.dim() < 2:
        return torch.full(weight.shape, 0.0 if name == "bias" else 1.0, dtype=weight.dtype)
    scaled = (noise * (weight.numel() / weight.shape[0]) ** -0.5).to(weight.dtype)
    values = torch.empty(weight.numel(), dtype=weight.dtype)
    for part in torch.split(values, _NOISE):
        part.copy_(scaled[: len(part)])
    layout = torch.channels_last if device.channels_last and weight.dim() == 4 else torch.contiguous_format
    return values.view(weight.shape).contiguous(memory_format=layout)


def _scheduler(settings: Mapping[str, Any]) -> Any:
    return getattr(diffusers, settings["_class_name"]).from_config(dict(settings))


def _bytes(net: torch.nn.Module) -> int:
    return sum(it.nbytes for it in (*net.parameters(), *net.buffers()))
