"""What a model is built from: its components, each with what makes it the same as another model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from models import files, loading, storage
from models.device import Device
from models.files import Damaged, Files
from models.loading import Loaded
from models.progress import Report
from models.spec import ModelSpec


@dataclass(frozen=True)
class Component:
    """A component that is not built yet."""

    name: str  # unet, vae, tokenizer, …
    key: str  # its identity: equal for two models means that one will do for both
    bytes: int  # that it takes on the device
    build: Callable[[], Any]  # in host memory


@dataclass(frozen=True)
class Checkpoint:
    """All of a model."""

    components: tuple[Component, ...]
    index: Mapping[str, Any]  # the pipeline's settings, as in model_index.json


# Raises ModelUnavailable, or what the report raises.
Origin = Callable[[ModelSpec, Device, Report], Checkpoint]


def from_files(spec: ModelSpec, device: Device, report: Report) -> Checkpoint:
    """The model's published files, downloaded where they are not on the disk; nets in `device`'s precision."""
    own = storage.download(spec, report)
    chosen = storage.chosen(spec)
    index = files.index(spec, own)
    return Checkpoint(tuple(_component(spec, it, folder, index, device) for it, folder in chosen), index)


def assembled(spec: ModelSpec, device: Device) -> Loaded:
    """The model in host memory for one use alone, beside all that Residency keeps. Raises ModelUnavailable."""
    whole = from_files(spec, device, lambda event: None)
    return loading.assemble(spec, device, {it.name: it.build() for it in whole.components}, whole.index)


def _component(spec: ModelSpec, it: Files, folder: Path, index: Mapping[str, Any], device: Device) -> Component:
    entry = index.get(it.component)
    named = str(entry[1]) if isinstance(entry, list) and len(entry) == 2 else ""
    try:
        size = loading.bytes_of(it, folder, device)
    except Damaged:
        size = 0  # loading it will say so
    key = loading.identity(it, folder, named, device.dtype)
    return Component(it.component, key, size, partial(loading.component, spec, it, folder, named, device))
