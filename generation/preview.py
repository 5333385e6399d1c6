"""Predicted final latents → a small picture, while the run goes on and without slowing it down."""

from __future__ import annotations

import time
from collections import deque
from io import BytesIO
from typing import Any

import torch
from PIL import Image
from torch.nn import functional as F

from generation.events import Frame
from generation.picture import developed, to_bytes
from generation.settings import Preview, PreviewMode
from generation.tiny_decoders import TinyDecoders
from models.latent_colours import latent_colours
from models.loading import Loaded
from models.progress import Report

QUALITY = 80  # of the JPEG
SHOWN_SIDE = 128  # pixels: a linear frame that is smaller is enlarged smoothly, as browsers do it badly


class Previewer:
    """Makes the frames of one run. Only the thread that owns the device may call it."""

    def __init__(
        self, settings: Preview, mode: PreviewMode, loaded: Loaded, decoders: TinyDecoders, report: Report
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._settings, self._mode, self._loaded = settings, mode, loaded
        self._waiting: deque[_Pending] = deque()
        self._last = 0.0  # when the last frame of a mode that costs was computed
        self._tiny: Any = None
        if mode == "taesd":
            self._tiny, note = decoders.get(loaded, report)
            if note is not None:
                self._mode, self.notes = "linear", (note,)
        if self._mode == "linear":
            self._colours = latent_colours(loaded.spec.latent_space).to(loaded.device.kind)

    @property
    def off(self) -> bool:
        return self._mode == "off"

    def wants(self) -> bool:
        """Whether a frame of the step that was just done is worth computing. Linear ones cost nothing."""
        if self._mode in ("linear", "off"):
            return not self.off
        return time.monotonic() - self._last >= 1 / self._settings.per_second

    def see(self, index: int, step: int, x0: torch.Tensor) -> None:
        """Begin a frame of `x0`, (1, channels, h, w); `next_frame` has it as soon as the device is done."""
        self._last = time.monotonic()
        rgb = self._rgb(x0)
        over = max(rgb.shape[-2:]) / self._settings.side
        if over > 1:
            rgb = F.interpolate(rgb, scale_factor=1 / over, mode="area")
        self._waiting.append(_Pending(index, step, to_bytes(rgb)[0]))

    def next_frame(self, wait: bool = False) -> Frame | None:
        """The oldest frame that nobody has had, if the device is done with it."""
        if not self._waiting or not (wait or self._waiting[0].ready()):
            return None
        pending = self._waiting.popleft()
        return Frame(pending.index, pending.step, jpeg(pending.pixels(), min(SHOWN_SIDE, self._settings.side)))

    def _rgb(self, x0: torch.Tensor) -> torch.Tensor:
        """(1, 3, height, width) in about [-1, 1]."""
        if self._mode == "linear":
            rgb: torch.Tensor = self._colours(x0)
            return rgb
        if self._mode == "vae":
            return developed(self._loaded.pipeline.vae, self._loaded.spec, x0).float()
        decoded: torch.Tensor = self._tiny.decode(x0.to(self._tiny.dtype)).sample
        return decoded.float()


class _Pending:
    """A frame's pixels on their way from the device."""

    def __init__(self, index: int, step: int, pixels: torch.Tensor) -> None:
        self.index, self.step = index, step
        self._event: Any = None
        if pixels.device.type == "cuda":
            self._pixels = torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True)
            self._pixels.copy_(pixels, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()
        else:
            self._pixels = pixels.cpu()

    def ready(self) -> bool:
        return self._event is None or self._event.query()

    def pixels(self) -> Image.Image:
        if self._event is not None:
            self._event.synchronize()
        return Image.fromarray(self._pixels.permute(1, 2, 0).contiguous().numpy())


def jpeg(image: Image.Image, least: int) -> bytes:
    """`image` as a frame has it, with `least` pixels along its longer side."""
    longer = max(image.size)
    if longer < least:
        size = (round(image.width * least / longer), round(image.height * least / longer))
        image = image.resize(size, Image.Resampling.BICUBIC)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
