"""What is to be measured. Plain data; whoever asks for a benchmark fills in one of these."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from errors import ConfigError
from generation import request as requests
from generation.request import GenerationRequest
from generation.settings import Limits, PreviewMode
from models.architectures import ARCHITECTURES
from models.registry import Registry
from models.spec import ModelSpec
from models.storage import on_disk

PROMPT = "a lighthouse on a cliff in a storm"  # for a model without examples
SEED = 1
ROUNDS = 3
QUICK: Mapping[str, Any] = MappingProxyType({"rounds": 2, "batches": (), "previews": ("off", "linear")})


class Plan(BaseModel):
    """Which models, how often, and at what size. Where there is None, the model's own default stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    models: Annotated[tuple[str, ...], Field(min_length=1)]  # by name, measured in this order
    random_weights: bool = False  # the published architectures at full size, filled with noise
    width: int | None = None  # pixels
    height: int | None = None
    steps: int | None = None
    rounds: Annotated[int, Field(ge=2, le=100)] = ROUNDS
    batches: tuple[int, ...] = (1, 2, 4)  # pictures in one call of the net
    previews: tuple[PreviewMode, ...] = ("off", "linear", "taesd", "vae")


def chosen(names: tuple[str, ...], models: Registry, random_weights: bool) -> tuple[str, ...]:
    """The models to measure: `names`, else those that need no download. Raises ConfigError."""
    built = [name for name, spec in models.items() if spec.repo in ARCHITECTURES]
    ready = built if random_weights else [name for name, spec in models.items() if on_disk(spec)]
    for name in names:
        if name not in models:
            raise ConfigError(f"There is no model {name!r}. Choose from: {', '.join(models)}.")
        if random_weights and name not in built:
            raise ConfigError(
                f"The architecture of {name} is not known, only its weights would tell. "
                f"With random weights choose from: {', '.join(built)}."
            )
    if not (names or ready):
        raise ConfigError("No model is on the disk. Name one with --models, or measure --random-weights.")
    return tuple(dict.fromkeys(names)) or tuple(ready)


def request(plan: Plan, spec: ModelSpec) -> GenerationRequest:
    """The picture that is made again and again. Raises InvalidRequest where `spec` can't do what the plan says."""
    asked = {"prompt": spec.examples[0] if spec.examples else PROMPT, "seed": SEED, "count": 1}
    given = {"width": plan.width, "height": plan.height, "steps": plan.steps}
    return requests.complete(asked | given, {spec.name: spec}, spec.name, Limits())


def check(plan: Plan, models: Mapping[str, ModelSpec]) -> None:
    """Raises InvalidRequest or ConfigError for a plan that can't be carried out, before anything is loaded."""
    chosen(plan.models, models, plan.random_weights)
    for name in plan.models:
        request(plan, models[name])
