"""This deployment's choices for ZeroGPU, as config.yaml declares them, and whether it is there. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Annotated

from pydantic import Field

from models.registry import Registry
from models.spec import Data, ModelSpec

BYTES = 2  # per parameter, in float16


class ZeroGpu(Data):
    """What a Space on ZeroGPU holds ready, and what a job may take of it."""

    models: tuple[str, ...] | None = None  # on the GPU from the start; None: all that fit, as they are listed
    memory_gb: Annotated[float, Field(ge=0)] = 40.0  # of the GPU, for their weights together
    at_once: Annotated[int, Field(ge=1)] = 4  # jobs that compute at a time, each with a GPU of its own
    most_seconds: Annotated[int, Field(ge=1)] = 120  # of GPU time for one job
    start_seconds: Annotated[float, Field(ge=0)] = 8.0  # until a process has its GPU with the models on it
    margin: Annotated[float, Field(ge=1)] = 1.5  # over what was measured
    load_seconds_per_gb: Annotated[float, Field(ge=0)] = 2.0  # a first guess, as are those below
    step_seconds: Annotated[float, Field(ge=0)] = 0.05  # per evaluation of the net, at least
    work_seconds: Annotated[float, Field(ge=0)] = 0.05  # per evaluation, megapixel and 1e9 parameters


def present(environ: Mapping[str, str]) -> bool:
    """Whether this is a Space on ZeroGPU, with the package that it is used by."""
    return environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true") and find_spec("spaces") is not None


def held(models: Registry, settings: ZeroGpu) -> Sequence[ModelSpec]:
    """Those of `models` that are to be on the GPU from the start."""
    if settings.models is not None:
        return [models[name] for name in settings.models if name in models]
    fitting: list[ModelSpec] = []
    left = settings.memory_gb * 1e9
    for spec in models.values():
        if BYTES * spec.parameters <= left:
            left -= BYTES * spec.parameters
            fitting.append(spec)
    return fitting
