"""What is to be compared: prompts × models × further axes, and the pictures that this comes to, in the order to run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class Plan(BaseModel):
    """What somebody wants to compare. Where an axis holds None, each model's own default stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    prompts: Texts
    models: Texts  # by name; loaded in this order
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    steps: Annotated[tuple[int | None, ...], Field(min_length=1)] = (None,)
    guidance_scales: Annotated[tuple[float | None, ...], Field(min_length=1)] = (None,)
    samplers: Annotated[tuple[str | None, ...], Field(min_length=1)] = (None,)
    negative_prompt: str | None = None
    width: int | None = None  # pixels; None: the model's native size
    height: int | None = None


@dataclass(frozen=True)
class Setting:
    """Everything of a picture but its model: a row of the comparison."""

    prompt: str
    seed: int
    steps: int | None
    guidance_scale: float | None
    sampler: str | None


@dataclass(frozen=True)
class Cell:
    """One picture of a comparison."""

    number: int  # in the order of running, from 0
    row: int  # which Setting, from 0
    model: str
    asked: dict[str, Any]  # for Engine.request; what is left out is the model's default


def count(plan: Plan) -> int:
    """How many pictures the plan comes to, found without listing them."""
    return len(plan.models) * prod(map(len, _axes(plan)))


def settings(plan: Plan) -> list[Setting]:
    """The rows, in the order in which they are shown: prompts outermost."""
    return [Setting(*values) for values in product(*_axes(plan))]


def cells(plan: Plan) -> list[Cell]:
    """All pictures, model by model: each model is loaded once."""
    return [Cell(number, *one) for number, one in enumerate(_cells(plan))]


def _axes(plan: Plan) -> tuple[tuple[Any, ...], ...]:
    return plan.prompts, plan.seeds, plan.steps, plan.guidance_scales, plan.samplers


def _cells(plan: Plan) -> Iterator[tuple[int, str, dict[str, Any]]]:
    common = {"negative_prompt": plan.negative_prompt, "width": plan.width, "height": plan.height, "count": 1}
    for model in plan.models:
        for row, setting in enumerate(settings(plan)):
            asked = common | vars(setting) | {"model": model}
            yield row, model, {field: value for field, value in asked.items() if value is not None}
