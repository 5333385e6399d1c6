"""What the controls of the tab hold, as the plan of a comparison. What they hold may be anything."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from comparison.plan import Plan
from errors import InvalidRequest
from generation.request import MAX_SEED, RANDOM

CONTROLS = ("prompts", "models", "seeds", "steps", "guidance_scales", "samplers", "negative_prompt", "width", "height")
MOST_VALUES = 1000  # of one axis
_RANGE = re.compile(r"([0-9]{1,10})\s*[-–…]\s*([0-9]{1,10})")
N = TypeVar("N", int, float)


def plan(held: Mapping[str, Any]) -> Plan:
    """Raises InvalidRequest where there is nothing to compare, or something is not readable."""
    prompts, models = lines(held["prompts"]), lines(held["models"])
    if not prompts:
        raise InvalidRequest("There is no prompt. Write one a line.", "prompt")
    if not models:
        raise InvalidRequest("No model is chosen. Choose one or more.", "model")
    negative = held["negative_prompt"]
    return Plan(
        prompts=prompts,
        models=models,
        seeds=_seeds(held["seeds"]),
        steps=numbers(held["steps"], int, "steps") or (None,),
        guidance_scales=numbers(held["guidance_scales"], _finite, "guidance_scale") or (None,),
        samplers=_texts(held["samplers"]) or (None,),
        negative_prompt=negative if isinstance(negative, str) and negative.strip() else None,
        width=_side(held["width"], "width"),
        height=_side(held["height"], "height"),
    )


def lines(text: Any) -> tuple[str, ...]:
    """Each line that says something, once."""
    if not isinstance(text, str):
        return ()
    said = (line.strip() for line in text.split("\n"))
    return _few(dict.fromkeys(line for line in said if line), "prompt")


def numbers(text: Any, kind: Callable[[str], N], field: str) -> tuple[N, ...]:
    """Of a list such as "10, 20 30"; empty: none."""
    if not isinstance(text, str):
        return ()
    found = []
    for part in filter(None, re.split(r"[,;\s]+", text)):
        try:
            found.append(kind(part))
        except ValueError:
            label = field.replace("_", " ").capitalize()
            raise InvalidRequest(f"{label} has {part[:40]!r} in it. Give numbers such as: 10, 20", field) from None
    return _few(dict.fromkeys(found), field)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _seeds(text: Any) -> tuple[int, ...]:
    """With ranges such as 1-4; where none is given, or for -1, one is drawn."""
    spread = _RANGE.sub(lambda match: _spread(int(match[1]), int(match[2])), text) if isinstance(text, str) else ""
    given = numbers(spread, int, "seed") or (RANDOM,)
    return tuple(secrets.randbelow(2**31) if seed == RANDOM else seed for seed in given)


def _spread(first: int, last: int) -> str:
    if not first <= last <= MAX_SEED or last - first >= MOST_VALUES:
        raise InvalidRequest(f"Seeds {first}-{last} are no range of up to {MOST_VALUES}. Give such as: 1-4", "seed")
    return " ".join(str(seed) for seed in range(first, last + 1))


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _side(text: Any, field: str) -> int | None:
    given = numbers(text, int, field)
    if len(given) > 1:
        raise InvalidRequest(f"{field.capitalize()} has {len(given)} values. Give one, or none.", field)
    return given[0] if given else None


def _few(values: Iterable[N] | Iterable[str], field: str) -> tuple[Any, ...]:
    listed = tuple(values)
    if len(listed) > MOST_VALUES:
        raise InvalidRequest(f"There are {len(listed)} values. At most {MOST_VALUES} are accepted.", field)
    return listed
