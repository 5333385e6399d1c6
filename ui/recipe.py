"""The values of the page's controls when the model changes: plain functions of models and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generation.samplers import offered
from models.spec import ModelSpec, Range

DEPENDENT = ("negative_prompt", "steps", "guidance_scale", "width", "height", "sampler")  # on the model


def defaults(spec: ModelSpec) -> dict[str, Any]:
    """What the dependent controls hold for a model that nobody touched."""
    guidance = spec.guidance_scale
    sides = {"width": spec.size.width, "height": spec.size.height}
    own = {"steps": spec.steps.default, "guidance_scale": guidance.default if guidance else None}
    return {"negative_prompt": spec.negative_prompt, "sampler": spec.sampler} | own | sides


def switched(old: ModelSpec, new: ModelSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """The dependent values after a switch: one that the user set and that `new` allows stays, the rest are its own."""
    before, after = defaults(old), defaults(new)
    moved = {field for field in DEPENDENT if values[field] != before[field]}
    guidance = new.guidance_scale
    allowed = {"negative_prompt"} if new.takes_negative_prompt else set()
    allowed |= {"sampler"} if values["sampler"] in offered(new) else set()
    allowed |= {"steps"} if _within(values["steps"], new.steps) else set()
    allowed |= {"guidance_scale"} if guidance and _within(values["guidance_scale"], guidance) else set()
    if moved & {"width", "height"} and _fits(values["width"], values["height"], new):
        moved, allowed = moved | {"width", "height"}, allowed | {"width", "height"}  # the two sides stay together
    return {field: values[field] if field in moved & allowed else after[field] for field in DEPENDENT}


def remarks(spec: ModelSpec) -> tuple[str, str]:
    """The keys of what is said beside the negative prompt, where there is none, and beside the guidance scale."""
    against = "" if spec.takes_negative_prompt else "negative_prompt_none"
    return against, "guidance_distilled" if spec.guidance == "distilled" else ""


def presets(spec: ModelSpec) -> list[str]:
    """The model's sizes as the menu shows them."""
    return [f"{size.width} × {size.height}" for size in spec.sizes]


def preset(spec: ModelSpec, width: object, height: object) -> str | None:
    """The menu's entry for a size; None for a free one."""
    entry = f"{width} × {height}"
    return entry if entry in presets(spec) else None


def _within(value: object, accepted: Range[int] | Range[float]) -> bool:
    return isinstance(value, int | float) and accepted.low <= value <= accepted.high


def _fits(width: object, height: object, spec: ModelSpec) -> bool:
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        return False
    return width % spec.size_multiple == 0 == height % spec.size_multiple and width * height <= spec.max_pixels
