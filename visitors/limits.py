"""What any request of visitors may ask for, as narrower models and limits: every door shows and refuses it alike."""

from __future__ import annotations

from errors import ConfigError
from generation.settings import Limits
from models.spec import ModelSpec, Range
from visitors.settings import Allowance


def narrowed(spec: ModelSpec, allowed: Allowance) -> ModelSpec:
    """`spec` with the sizes and steps that visitors may have. Raises ConfigError where none are left."""
    sizes = tuple(size for size in spec.sizes if size.width * size.height <= allowed.pixels)
    if not sizes:
        least = min(size.width * size.height for size in spec.sizes)
        raise ConfigError(
            f"visitors.pixels is {allowed.pixels}, but the smallest size of {spec.name} has {least}. "
            "Raise it, or leave that model out."
        )
    if allowed.steps < spec.steps.low:
        raise ConfigError(
            f"visitors.steps is {allowed.steps}, but {spec.name} takes {spec.steps.low} at least. "
            "Raise it, or leave that model out."
        )
    high = min(spec.steps.high, allowed.steps)
    steps = Range[int](low=spec.steps.low, high=high, default=min(spec.steps.default, high))
    most = min(spec.max_pixels, allowed.pixels)
    return spec.model_copy(update={"size": sizes[0], "sizes": sizes, "max_pixels": most, "steps": steps})


def lowered(limits: Limits, allowed: Allowance) -> Limits:
    """`limits` as far as visitors have them too."""
    return limits.model_copy(
        update={field: min(value, getattr(allowed, field)) for field, value in limits.model_dump().items()}
    )
