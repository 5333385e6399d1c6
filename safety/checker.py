"""Stable Diffusion's own safety checker (Rando et al., arXiv 2210.04610, tell how it works): CLIP's view of a picture
beside 17 concepts and 3 that call for special care. It looks at sexual content alone, and errs both ways."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from errors import ModelUnavailable
from models import storage
from models.device import WORKING, Device, free_bytes, out_of_memory
from models.loading import check_whole, own_memory, quiet_bars
from models.part import Part
from models.progress import Report
from safety.settings import Checker

log = logging.getLogger(__name__)


class SafetyChecker:
    """For the thread that makes torch's calls. Rests in host memory, and is on a GPU only while it looks."""

    def __init__(self, checker: Checker, device: Device, report: Report) -> None:
        """Fetched where it is not on the disk. Raises ModelUnavailable, or what `report` raises."""
        folder = storage.obtain(checker.source, checker.files, report)
        for path in checker.files:
            if not (folder / path).is_file():
                raise ModelUnavailable(f"{checker.source.name}: {folder} has no {path}. Put a whole copy in its place.")
            check_whole(checker.source, folder / path)
        try:
            self._prepare, net = self._read(checker, folder, device)
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            if out_of_memory(error):
                raise
            raise ModelUnavailable(f"{checker.source.name}: {folder} holds none that can be read ({error}).") from error
        self._device, self._part = device, Part("safety checker", net)

    def flags(self, picture: Image.Image) -> bool:
        """Whether it finds that `picture` is not to be shown."""
        import torch

        seen = self._prepare(picture, return_tensors="pt").pixel_values
        with self._placed() as kind, torch.no_grad(), _quiet():
            net = self._part.module
            _, flagged = net(clip_input=seen.to(kind, net.dtype), images=torch.zeros(1, 1))  # it blackens a flagged one
        return bool(flagged[0])

    @contextmanager
    def _placed(self) -> Iterator[str]:
        """With the weights where they are fast, or on the CPU where the device has no room for them: its kind."""
        if self._device.kind == "cpu" or free_bytes(self._device) < WORKING * self._part.bytes:
            yield "cpu"
            return
        try:
            self._part.to_device(self._device)
            yield self._device.kind
        finally:
            self._part.to_host()

    @staticmethod
    def _read(checker: Checker, folder: Any, device: Device) -> tuple[Any, Any]:
        import torch
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
        from transformers import CLIPImageProcessorPil  # the other one wants torchvision

        kept = Device("cpu", "CPU", "float32" if device.kind == "cpu" else device.dtype, "where it rests", 0)
        with quiet_bars():
            net, found = StableDiffusionSafetyChecker.from_pretrained(
                folder / "safety_checker",
                variant=checker.variant,
                dtype=getattr(torch, kept.dtype),
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        if lacking := sorted(map(str, found["missing_keys"])):  # would be left random
            raise ValueError(f"it lacks {', '.join(lacking[:3])} …")
        own_memory(net, kept)
        prepare = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor", local_files_only=True)
        return prepare, net.eval().requires_grad_(False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without diffusers' warning that a black picture is returned, which here is not so."""
    from diffusers.pipelines.stable_diffusion import safety_checker

    level = safety_checker.logger.level
    safety_checker.logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        safety_checker.logger.setLevel(level)
