"""A request for pictures: complete, frozen, checked once for every door.

`complete` is the only way in: it takes what a door was given (the page's controls, a JSON body, command-line options),
refuses what is not acceptable, and fills in the model's defaults. Further down nothing is optional any more.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import InvalidRequest
from generation import samplers
from generation.samplers import SAMPLERS
from generation.settings import Limits
from models.spec import ModelSpec, Range

MAX_SEED = 2**32 - 1
RANDOM = -1  # as a seed: draw one


class GenerationRequest(BaseModel):
    """What to make, with nothing left to decide. Replaying it on the same device gives the same bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prompt: str
    negative_prompt: str
    model: str
    steps: int
    guidance_scale: float | None  # None: the model takes none
    width: int  # pixels
    height: int
    seed: int  # of the first picture; picture i uses seed + i
    sampler: str
    count: int


class _Asked(BaseModel):
    """What a door may hand in: everything but the prompt may be left out (None) for the model's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prompt: str
    negative_prompt: str | None = None
    model: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    sampler: str | None = None
    count: int | None = None


def complete(
    asked: Mapping[str, Any], models: Mapping[str, ModelSpec], default_model: str, limits: Limits
) -> GenerationRequest:
    """The request for what was `asked`: types checked, the model's defaults filled in, a seed drawn for -1 or None.

    Raises InvalidRequest naming the field, what it was, what is accepted and what to do.
    """
    given = _typed(asked)
    name = default_model if given.model is None else given.model
    spec = offered(name, models)
    drawn = given.seed is None or given.seed == RANDOM
    count = 1 if given.count is None else given.count
    request = GenerationRequest(
        prompt=given.prompt,
        negative_prompt=_or(given.negative_prompt, spec.negative_prompt),
        model=name,
        steps=_or(given.steps, spec.steps.default),
        guidance_scale=_guidance(given.guidance_scale, spec),
        width=_or(given.width, spec.size.width),
        height=_or(given.height, spec.size.height),
        seed=secrets.randbelow(2**31) if drawn else _or(given.seed, 0),
        sampler=_or(given.sampler, spec.sampler),
        count=count,
    )
    check(request, spec, limits)
    return request


def offered(name: str, models: Mapping[str, ModelSpec]) -> ModelSpec:
    """The model of that name. Raises InvalidRequest if there is none."""
    if name not in models:
        raise InvalidRequest(
            f"Model is {_shown(name)}, which is not on offer. Choose one of: {', '.join(models)}.", "model"
        )
    return models[name]


def check(request: GenerationRequest, spec: ModelSpec, limits: Limits) -> None:
    """Raises InvalidRequest unless `spec` can do what `request` asks within `limits`."""
    _check_text("prompt", request.prompt, limits)
    _check_text("negative_prompt", request.negative_prompt, limits)
    if request.negative_prompt.strip() and not spec.takes_negative_prompt:
        raise InvalidRequest(
            f"Negative prompt is {_shown(request.negative_prompt)}, but {spec.name} takes none: it draws in one pass a "
            "step, and a negative prompt needs a second one. Leave it empty.",
            "negative_prompt",
        )
    _check_range("steps", request.steps, spec.steps)
    if spec.guidance_scale is not None:
        _check_range("guidance_scale", request.guidance_scale, spec.guidance_scale)
    _check_size(request, spec)
    _check_range("count", request.count, Range[int](low=1, high=limits.count, default=1))
    if not 0 <= request.seed <= MAX_SEED - request.count + 1:
        raise InvalidRequest(
            f"Seed is {_shown(request.seed)}. Accepted for {request.count} picture{'s' * (request.count > 1)} are 0 to "
            f"{MAX_SEED - request.count + 1}, or {RANDOM} for a random one.",
            "seed",
        )
    if request.sampler not in samplers.offered(spec):
        made = f", which {spec.name} does not draw with" if request.sampler in SAMPLERS else ""
        raise InvalidRequest(
            f"Sampler is {_shown(request.sampler)}{made}. Choose one of: {samplers.choices(samplers.offered(spec))}.",
            "sampler",
        )


def _typed(asked: Mapping[str, Any]) -> _Asked:
    try:
        return _Asked.model_validate(dict(asked))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "prompt"
        if first["type"] == "missing":
            raise InvalidRequest(f"{_label(field)} is missing. Say what the picture should show.", field) from None
        if first["type"] == "extra_forbidden":
            known = ", ".join(_Asked.model_fields)
            raise InvalidRequest(f"{_shown(field)} is not a setting. Settings are: {known}.", field) from None
        kind = _KINDS[field]
        raise InvalidRequest(f"{_label(field)} is {_shown(first['input'])}. Give {kind}.", field) from None


_KINDS = {
    **dict.fromkeys(("prompt", "negative_prompt", "model", "sampler"), "a text (valid Unicode)"),
    **dict.fromkeys(("steps", "width", "height", "seed", "count"), "a whole number"),
    "guidance_scale": "a number",
}


def _or(given: Any, default: Any) -> Any:
    return default if given is None else given


def _guidance(given: float | None, spec: ModelSpec) -> float | None:
    """None for a model that takes none; asking such a model for guidance is refused, not ignored."""
    if spec.guidance_scale is None:
        if given is not None:
            raise InvalidRequest(
                f"Guidance scale is {given}, but {spec.name} takes none. Leave it out.", "guidance_scale"
            )
        return None
    return float(spec.guidance_scale.default if given is None else given)


def _check_text(field: str, text: str, limits: Limits) -> None:
    if len(text) > limits.prompt_characters:
        raise InvalidRequest(
            f"{_label(field)} has {len(text)} characters. At most {limits.prompt_characters} are accepted; shorten it.",
            field,
        )
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t":
            raise InvalidRequest(
                f"{_label(field)} holds the control character U+{ord(character):04X}. Remove it; line breaks are fine.",
                field,
            )


def _check_range(field: str, value: float | None, accepted: Range[int] | Range[float]) -> None:
    if value is None or not accepted.low <= value <= accepted.high:  # NaN compares false, so it ends up here too
        raise InvalidRequest(
            f"{_label(field)} is {_shown(value)}. Accepted are {accepted.low} to {accepted.high}; "
            f"{accepted.default} is the default.",
            field,
        )


def _check_size(request: GenerationRequest, spec: ModelSpec) -> None:
    for field, side in (("width", request.width), ("height", request.height)):
        if side < 1 or side % spec.size_multiple:
            nearest = max(1, (side + spec.size_multiple // 2) // spec.size_multiple) * spec.size_multiple
            hint = nearest if nearest * spec.size_multiple <= spec.max_pixels else getattr(spec.size, field)
            raise InvalidRequest(
                f"{_label(field)} is {_shown(side)}. {spec.name} needs a multiple of {spec.size_multiple}; try {hint}.",
                field,
            )
    if request.width * request.height > spec.max_pixels:
        raise InvalidRequest(
            f"{_shown(request.width)}x{_shown(request.height)} is {_shown(request.width * request.height)} pixels. "
            f"{spec.name} takes at most {spec.max_pixels}; try {spec.size.width}x{spec.size.height}.",
            "width",
        )


def _label(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _shown(value: object) -> str:
    """`value` safe to print in a message: short, on one line, escapes spelled out."""
    if isinstance(value, int) and value.bit_length() > 200:  # Python spells out no numbers of thousands of digits
        return f"a whole number of {value.bit_length()} bits"
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
