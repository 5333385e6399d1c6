"""How long a job takes on this machine, from the ones before it. A download comes once, so it counts for nothing."""

from __future__ import annotations

from generation.events import Timings
from generation.request import GenerationRequest
from generation.samplers import evaluations
from models.registry import Registry
from models.spec import ModelSpec


class Pace:
    """Measured seconds for each of `models`: to load it, and per unit of work."""

    def __init__(self, models: Registry) -> None:
        self._models = models
        self._load: dict[str, float] = {}
        self._rate: dict[str, float] = {}  # seconds per evaluation of the net and pixel
        self._step: dict[str, float] = {}

    def measured(self, request: GenerationRequest, timings: Timings, loaded: bool) -> None:
        """`timings` of a job that is done; `loaded`: its model was put onto the device for it."""
        if loaded:
            self._load[request.model] = timings.load
        self._rate[request.model] = (timings.total - timings.load - timings.download) / self._work(request)
        self._step[request.model] = timings.seconds_per_step / self._work_of_step(request)

    def seconds(self, request: GenerationRequest, on_device: bool) -> float | None:
        """For the whole of `request`; None while nothing was measured."""
        rate = self._rate.get(request.model)
        load = 0.0 if on_device else self._load.get(request.model)
        return None if rate is None or load is None else load + rate * self._work(request)

    def step(self, request: GenerationRequest) -> float:
        """Seconds per step of `request`; 0 while nothing was measured."""
        return self._step.get(request.model, 0.0) * self._work_of_step(request)

    def _work(self, request: GenerationRequest) -> float:
        return self._work_of_step(request) * request.steps * request.count

    def _work_of_step(self, request: GenerationRequest) -> float:
        net = passes(request, self._models[request.model]) * evaluations(request.sampler)
        return net * request.width * request.height


def passes(request: GenerationRequest, spec: ModelSpec) -> int:
    """Of the net per evaluation: with classifier-free guidance it sees a batch of two."""
    guided = request.guidance_scale is not None and request.guidance_scale > 1
    return 2 if guided and spec.guidance == "classifier-free" else 1
