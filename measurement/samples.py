"""What was measured of one model so far, and what it comes to."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import Any

from generation.request import GenerationRequest
from generation.settings import PreviewMode
from measurement.pictures import Taken
from measurement.plan import Plan
from measurement.record import Batch, ModelResult, Note, PreviewCost, Spread
from models.loading import Loaded
from models.spec import ModelSpec


class Samples:
    """What was measured of one model, run by run."""

    def __init__(self, spec: ModelSpec, request: GenerationRequest, plan: Plan, mode: PreviewMode) -> None:
        self.spec, self.request, self.plan = spec, request, plan
        self.mode = mode  # of the deployment
        self.cold: list[float] = []
        self.from_disk: list[float] = []
        self.warm: list[float] = []
        self.warm_up: Taken | None = None
        self.pictures: dict[PreviewMode, list[Taken]] = defaultdict(list)
        self.batches: dict[int, list[Taken]] = defaultdict(list)
        self.notes: dict[Note, None] = {}  # in order, each once
        self.error: str | None = None
        self._on: dict[str, Any] = {}

    def on(self, loaded: Loaded) -> None:
        """It is known what it runs on, and how."""
        self._on = {"device": loaded.device.name, "dtype": loaded.device.dtype, "attention": _attention(loaded)}

    def note(self, code: Any, detail: str = "") -> None:
        """`code` is one of Note's."""
        self.notes[Note(code=code, detail=detail)] = None

    def result(self) -> ModelResult:
        """What it comes to so far."""
        spec, asked, ours = self.spec, self.request, self.pictures[self.mode]
        plain = self.pictures["off"] or ours
        first = [taken.first_preview for taken in ours or self.pictures["linear"] if taken.first_preview is not None]
        return ModelResult(
            model=asked.model,
            title=spec.title,
            weights="random" if self.plan.random_weights else "trained",
            parameters=spec.parameters,
            width=asked.width,
            height=asked.height,
            steps=asked.steps,
            guidance_scale=asked.guidance_scale,
            sampler=asked.sampler,
            at_defaults=(asked.width, asked.height, asked.steps)
            == (spec.size.width, spec.size.height, spec.steps.default),
            cold_load=Spread.of(self.cold),
            read_from_disk=Spread.of(self.from_disk),
            warm_load=Spread.of(self.warm),
            warm_up=None if self.warm_up is None else self.warm_up.seconds,
            first_preview=Spread.of(first),
            seconds_per_step=Spread.of([taken.per_step for taken in plain]),
            picture=Spread.of([taken.seconds for taken in ours]),
            peak_memory_bytes=Spread.of([float(taken.peak_bytes) for taken in ours]),
            batches=tuple(batch for size in self.plan.batches if (batch := self._batch(size))),
            previews=tuple(cost for mode in self.plan.previews if mode != "off" and (cost := self._cost(mode))),
            notes=tuple(self.notes),
            error=self.error,
            **self._on,
        )

    def _batch(self, size: int) -> Batch | None:
        taken = self.batches[size]
        pace = Spread.of([60 * size / each.seconds for each in taken])
        if pace is None:
            return None
        return Batch(size=size, pictures_per_minute=pace, peak_memory_bytes=max(each.peak_bytes for each in taken))

    def _cost(self, mode: PreviewMode) -> PreviewCost | None:
        """Round by round, so that both sides ran within seconds of each other. A round may not be through yet."""
        pairs = list(zip(self.pictures[mode], self.pictures["off"], strict=False))
        overhead = Spread.of([with_.seconds / without.seconds - 1 for with_, without in pairs])
        if overhead is None:
            return None
        frames = round(statistics.median(taken.frames for taken in self.pictures[mode]))
        return PreviewCost(mode=mode, overhead=overhead, frames=frames)


def _attention(loaded: Loaded) -> str:
    """The U-Net's attention, and the kernels that torch may choose from where it leaves that to torch."""
    import torch

    processors = getattr(loaded.pipeline.unet, "attn_processors", None) or {}
    names = sorted({type(processor).__name__ for processor in processors.values()}) or ["torch SDPA"]
    if loaded.device.kind != "cuda":
        return ", ".join(names)
    cuda: Any = torch.backends.cuda
    enabled = {
        "flash": cuda.flash_sdp_enabled(),
        "cuDNN": cuda.cudnn_sdp_enabled(),
        "memory-efficient": cuda.mem_efficient_sdp_enabled(),
    }
    return f"{', '.join(names)} ({', '.join(name for name, there in enabled.items() if there)})"
