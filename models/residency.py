"""What is on the device, what is warm in host memory, and what leaves first.

Models are made of parts, and parts that two models have in common are in memory once. A model leaves the device
before the next one comes; its parts stay warm, and so usable without the disk, as long as the budget of host memory
holds them. On a CPU the device is host memory: a model "leaves" it by becoming merely warm, under the same budget.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from errors import ModelUnavailable
from models import checkpoint, loading, storage
from models.amounts import bytes_text
from models.checkpoint import Component, Origin
from models.device import WORKING, Device, free_bytes, host_memory_bytes
from models.loading import Loaded
from models.part import Part
from models.progress import Loading, Report
from models.registry import Registry
from models.spec import ModelSpec
from models.storage import State

log = logging.getLogger(__name__)


class Residency:
    """At most `resident` models on the device. All but `states` is called from the worker thread alone."""

    def __init__(
        self, models: Registry, device: Device, *, resident: int = 1, warm_bytes: int | None = None
    ) -> None:  # warm_bytes None: a quarter of this machine's memory
        self.models = models
        self.device = device
        self.resident = resident
        self.warm_bytes = host_memory_bytes() // 4 if warm_bytes is None else warm_bytes
        self._parts: dict[str, Part] = {}  # all in memory, by identity
        self._needs: dict[str, frozenset[str]] = {}  # of the models in memory; the one used longest ago first
        self._loaded: dict[str, Loaded] = {}  # those on the device; the one used longest ago first
        self._states: Mapping[str, State] = MappingProxyType({})

    def acquire(self, spec: ModelSpec, report: Report, origin: Origin | None = None) -> Loaded:
        """The model on the device, whatever that takes; what is not in memory comes from `origin`, or its files.

        Raises ModelUnavailable, or what `report` raises; then the model is not there, and nothing of it is left over.
        """
        if spec.name not in self._loaded:
            device = self.device.suited_to(spec.parameters)
            wanted = (origin or checkpoint.from_files)(spec, device, report)
            try:
                self._make_room(spec, wanted.components)
                parts = self._gather(spec, wanted.components, report)
                self._loaded[spec.name] = loading.assemble(spec, device, parts, wanted.index)
                self._needs[spec.name] = frozenset(it.key for it in wanted.components)
            finally:
                self._settle()
        self._loaded[spec.name] = self._loaded.pop(spec.name)  # to the end: used last
        self._needs[spec.name] = self._needs.pop(spec.name)
        for key in self._needs[spec.name]:
            self._parts[key].to_device(self.device)
        return self._loaded[spec.name]

    def arrive(self, device: Device) -> None:
        """What is on the device turns out to be on `device`, in the precision that it has."""
        self.device = device
        for name, loaded in self._loaded.items():
            self._loaded[name] = replace(loaded, device=replace(device, dtype=loaded.device.dtype))

    def states(self) -> Mapping[str, State]:
        """How far each model is from being usable. From any thread."""
        known = self._states
        return {
            name: known.get(name) or (State.ON_DISK if storage.on_disk(spec) else State.TO_DOWNLOAD)
            for name, spec in self.models.items()
        }

    def in_memory(self, name: str) -> bool:
        """Whether all of the model is on the device or warm."""
        return name in self._needs

    def bytes_beside(self, name: str) -> int:
        """What other models take of the device, beyond what they share with this one."""
        own = self._needs.get(name, frozenset())
        return sum(part.bytes for part in self._parts.values() if part.on_device and part.key not in own)

    def unload(self) -> None:
        """Everything off the device; what the budget holds stays warm."""
        self._loaded.clear()
        self._settle()

    def free(self) -> None:
        """Everything out of memory."""
        self._loaded.clear()
        self._needs.clear()
        self._settle()

    def _gather(self, spec: ModelSpec, wanted: Sequence[Component], report: Report) -> dict[str, Any]:
        """The model's components on the device: those in memory as they are, the others built."""
        total = len(wanted)
        for done, it in enumerate(wanted):
            report(Loading(spec.name, it.name, done, total))
            if it.key not in self._parts:
                self._parts[it.key] = Part(it.key, it.build())
            self._parts[it.key].to_device(self.device)
        report(Loading(spec.name, wanted[-1].name, total, total))
        return {it.name: self._parts[it.key].module for it in wanted}

    def _make_room(self, spec: ModelSpec, wanted: Sequence[Component]) -> None:
        """Take off the device whoever must leave it. Raises ModelUnavailable if even all together are not enough."""
        coming = {it.key: it.bytes for it in wanted}
        there = {part.key: part.bytes for part in self._parts.values() if self._occupies(part)}
        needed = int(WORKING * sum(size for key, size in coming.items() if key not in there))
        free = free_bytes(self.device)
        leaving = sum(size for key, size in there.items() if key not in coming)
        if needed > free + leaving:
            raise self._too_large(spec, needed, free + sum(there.values()))
        while len(self._loaded) >= self.resident or (self._loaded and needed > free_bytes(self.device)):
            del self._loaded[next(iter(self._loaded))]
            self._settle(coming)
        self._settle(coming)

    def _occupies(self, part: Part) -> bool:
        """Whether the part takes memory of the device."""
        return part.on_device or self.device.kind == "cpu"

    def _too_large(self, spec: ModelSpec, needed: int, free: int) -> ModelUnavailable:
        fitting = [name for name, other in self.models.items() if self.device.memory_for(other.parameters) <= free]
        instead = f"These fit: {', '.join(fitting)}." if fitting else "None of the models on offer fits."
        return ModelUnavailable(
            f"{spec.name} needs about {bytes_text(needed)} more memory on {self.device.name}, where "
            f"{bytes_text(free)} can be had. {instead} Or close what else uses that memory."
        )

    def _settle(self, coming: Mapping[str, int] = MappingProxyType({})) -> None:
        """Bring memory in line with what is resident and what the budget holds; parts that are `coming` stay."""
        active = {key for name in self._loaded for key in self._needs[name]} | set(coming)
        moved = [part for part in self._parts.values() if part.on_device and part.key not in active]
        for part in moved:
            if part.in_host:
                part.to_host()
            else:
                self._forget_models_with(part.key)
        new = sum(size for key, size in coming.items() if key not in self._parts)
        self._drop_unused(set(coming))
        while self._warm() and self._tight(new):
            del self._needs[self._warm()[0]]
            self._drop_unused(set(coming))
        if self.device.kind != "cpu" and not coming:
            self._leave_to_device()
        if moved:
            self._empty_cache()
        self._states = MappingProxyType(
            {name: State.ON_DEVICE if name in self._loaded else State.WARM for name in self._needs}
        )

    def _forget_models_with(self, key: str) -> None:
        self._needs = {name: needs for name, needs in self._needs.items() if key not in needs}

    def _warm(self) -> list[str]:
        return [name for name in self._needs if name not in self._loaded]

    def _tight(self, new: int) -> bool:
        """Whether warm models must go for `new` bytes: for the budget's sake, or on a CPU for want of memory."""
        scarce = new > 0 and self.device.kind == "cpu" and WORKING * new > free_bytes(self.device)
        return scarce or self._host_bytes() + new > self.warm_bytes

    def _host_bytes(self) -> int:
        return sum(part.bytes for part in self._parts.values() if part.in_host)

    def _drop_unused(self, kept: set[str]) -> None:
        """Free the parts that no model in memory needs."""
        kept = kept.union(*self._needs.values())
        gone = [key for key in self._parts if key not in kept]
        for key in gone:
            self._parts.pop(key).close()
        if gone:  # their memory is free by now; nothing waits for the garbage collector
            self._empty_cache()

    def _leave_to_device(self) -> None:
        """Where the budget does not hold even what is on the device, largest first without a copy in host memory."""
        for part in sorted(self._parts.values(), key=lambda part: -part.bytes):
            if self._host_bytes() > self.warm_bytes and part.on_device and part.in_host:
                part.forget_host()

    def _empty_cache(self) -> None:
        import torch

        if self.device.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.device.kind == "mps":
            torch.mps.empty_cache()
