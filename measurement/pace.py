"""How far a benchmark is, and how long it will still take, counted in pictures at the model's settings."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from generation.request import GenerationRequest
from generation.settings import PreviewMode
from generation.tiny_decoders import FILES
from measurement.events import Progress
from measurement.pictures import Taken
from measurement.plan import Plan
from measurement.record import Record
from models import storage
from models.registry import Registry
from models.spec import ModelSpec

WARM_UP_STEPS = 2
_LOAD = 0.2  # of a picture; a guess


def modes(plan: Plan, spec: ModelSpec) -> list[PreviewMode]:
    """The ways of previewing that need no download."""
    return [mode for mode in plan.previews if mode != "taesd" or _has_taesd(spec)]


def _has_taesd(spec: ModelSpec) -> bool:
    source = spec.latent_space.tiny_decoder
    folder = None if source is None else storage.folder(source)
    return folder is not None and all((folder / name).is_file() for name in FILES)


def short(request: GenerationRequest) -> GenerationRequest:
    """As `request`, in as few steps as a warm-up needs."""
    return request.model_copy(update={"steps": min(WARM_UP_STEPS, request.steps)})


def pictures(plan: Plan, spec: ModelSpec) -> float:
    """How many pictures' work it is to measure this model."""
    loads = _LOAD * plan.rounds * (1 if plan.random_weights else 2)
    return loads + plan.rounds * (len(modes(plan, spec)) + sum(plan.batches))


class Pace:
    """Counts what is done, and knows what a picture takes."""

    def __init__(self, plan: Plan, models: Registry, past: Mapping[str, float]) -> None:
        self._plan, self._models = plan, models
        self._known = dict(past)  # seconds of a picture, by model
        self._measured: list[float] = []  # of the model that is being measured
        self._name = plan.models[0]
        self._done = 0.0  # pictures

    def begins(self, name: str) -> None:
        """The next model's turn."""
        self._name, self._done, self._measured = name, 0.0, []

    def guessed(self, taken: Taken, request: GenerationRequest) -> None:
        """What a whole picture would take, from one of few steps."""
        if not self._measured:
            left = request.steps - short(request).steps
            self._known[self._name] = taken.seconds + left * taken.per_step

    def did(self, phase: str, seconds: float | None = None, times: float = 1) -> None:
        """A load, or `times` pictures, are done; `seconds` is what a picture took."""
        self._done += _LOAD if phase.endswith("load") else times
        if seconds is not None:
            self._measured.append(seconds)
            self._known[self._name] = statistics.median(self._measured)

    def progress(
        self, phase: Any, detail: str, round_: int, step: int, request: GenerationRequest, record: Record
    ) -> Progress:
        """What to tell; `step` of the picture that is being made."""
        number = self._plan.models.index(self._name)
        begun = 0.0
        if phase in ("picture", "batch"):
            begun = step / request.steps * (int(detail) if phase == "batch" else 1)
        total = pictures(self._plan, self._models[self._name])
        share = min(1.0, (self._done + begun) / total)
        left = {self._name: max(0.0, total - self._done - begun)}
        left |= {name: pictures(self._plan, self._models[name]) for name in self._plan.models[number + 1 :]}
        known = [count * self._known[name] for name, count in left.items() if name in self._known]
        return Progress(
            model=self._name,
            number=number + 1,
            models=len(self._plan.models),
            phase=phase,
            detail=detail,
            round=round_,
            rounds=self._plan.rounds,
            step=step,
            steps=request.steps if phase in ("picture", "batch") else 0,
            share=(number + share) / len(self._plan.models),
            seconds_left=sum(known) if known else None,
            unknown=tuple(name for name in left if name not in self._known),
            record=record,
        )
