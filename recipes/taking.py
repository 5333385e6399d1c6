"""A recipe → the request that it comes to here, and why the rest of it can't be taken over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from errors import InvalidRequest
from generation.request import GenerationRequest
from models.registry import Registry

# Asked one after another, so that one that is refused keeps no other from being taken.
_TOGETHER = (
    *(("model",), ("prompt",), ("negative_prompt",), ("steps",), ("guidance_scale",), ("width", "height"), ("seed",)),
    ("sampler",),
)


@dataclass(frozen=True)
class Taken:
    """What becomes of a recipe."""

    request: GenerationRequest
    fields: frozenset[str]  # that the recipe names and that are taken over
    refused: tuple[str, ...]  # for each other one, what it was and what is accepted


def taken(
    ask: Callable[[Mapping[str, Any]], GenerationRequest], said: Mapping[str, Any], model: str | None = None
) -> Taken:
    """The request that `said` comes to by `ask` (Engine.request), whatever it holds.

    `model` stays where `said` names none that is on offer; without it the default.
    """
    accepted: dict[str, Any] = {"prompt": "", "seed": 0} | ({} if model is None else {"model": model})
    fields, refused = set[str](), []
    for together in _TOGETHER:
        some = {field: said[field] for field in together if field in said}
        if not some:
            continue
        try:
            ask(accepted | some)
            accepted |= some
            fields |= set(some)
        except InvalidRequest as error:
            refused.append(str(error))
    return Taken(ask(accepted | {"count": 1}), frozenset(fields), tuple(refused))


def known(said: Mapping[str, Any], models: Registry) -> Mapping[str, Any]:
    """`said` with our own name for its model where that is one of `models` under the name of its file or repo."""
    name = said.get("model")
    if not isinstance(name, str) or name in models:
        return said
    ours = {_bare(alias): spec.name for spec in models.values() for alias in (spec.name, spec.title, spec.repo)}
    return {**said, "model": ours.get(_bare(name), name)}


def _bare(name: str) -> str:
    """Letters and digits of the last part of a path: "stabilityai/stable-diffusion-…" and a file in a folder alike."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[\\/]", name)[-1].lower())
