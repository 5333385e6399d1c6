"""How many seconds of a GPU a job asks for: short ones wait less, and one that takes longer is aborted."""

from __future__ import annotations

import math

from generation.pace import Pace, passes
from generation.request import GenerationRequest
from generation.samplers import evaluations
from models.spec import ModelSpec
from zerogpu.settings import BYTES, ZeroGpu


def seconds(request: GenerationRequest, spec: ModelSpec, ready: bool, pace: Pace, settings: ZeroGpu) -> int:
    """For all of `request`; `ready`: its model is on the GPU from the start.

    By what jobs before it took here, with a margin; else a guess from sizes that is rather too long.
    """
    measured = pace.seconds(request, ready)
    work = guess(request, spec, ready, settings) if measured is None else settings.margin * measured
    return math.ceil(settings.start_seconds + work)


def guess(request: GenerationRequest, spec: ModelSpec, ready: bool, settings: ZeroGpu) -> float:
    """Seconds to load the model, if need be, and to denoise."""
    load = 0.0 if ready else settings.load_seconds_per_gb * BYTES * spec.parameters / 1e9
    size = passes(request, spec) * request.width * request.height / 1e6 * spec.parameters / 1e9
    evaluation = max(settings.step_seconds, settings.work_seconds * size)
    return load + evaluation * evaluations(request.sampler) * request.steps * request.count
