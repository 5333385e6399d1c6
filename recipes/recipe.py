"""What was read from a picture: what a request can say too, and what it can't."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

MOST_NOTES = 60  # of each kind; more is nothing that anybody reads
MOST_SHOWN = 300  # characters of a note
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,40}\s*")
_ENDING = re.compile(r"\.(safetensors|ckpt|gguf|sft|pth?|bin)$", re.IGNORECASE)


class Note(NamedTuple):
    """Something that was said, by its name in the program that said it."""

    name: str
    value: str


@dataclass(frozen=True)
class Recipe:
    """How a picture was made, as far as it says so."""

    tool: str  # the program that made it
    fields: Mapping[str, Any]  # of a request: of the right types, but nothing is checked
    others: tuple[Note, ...] = ()  # what had a part in the picture, and no request can say
    about: tuple[Note, ...] = ()  # what had none: versions, hashes, times


Pairs = Iterable[tuple[str, Any]]


def made(tool: str, said: Mapping[str, Any], others: Pairs = (), about: Pairs = ()) -> Recipe:
    """A recipe of what was `said` by field of a request, whatever it is; what is of the wrong type joins the others."""
    given = {field: value for field, value in said.items() if value is not None}
    fields = {field: value for field in given if (value := _KINDS[field](given[field])) is not None}
    wrong = [(field.replace("_", " ").capitalize(), given[field]) for field in given if field not in fields]
    return Recipe(shown(tool), fields, _notes([*wrong, *others]), _notes(about))


def file_name(value: Any) -> Any:
    """The name of a model's file without its folders and its ending; whatever is no text stays."""
    return _ENDING.sub("", re.split(r"[\\/]", value)[-1]) if isinstance(value, str) else value


def whole(value: Any) -> int | None:
    """A whole number, however it was written; None: it is none."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value if type(value) is int else None


def real(value: Any) -> float | None:
    """A finite number, however it was written; None: it is none."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if type(value) not in (int, float) or not abs(value) < 1e9:  # false for NaN
        return None
    return float(value)


def shown(value: Any) -> str:
    """`value` as a text that can be shown: short, and without half characters."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = "…"
    text = text.encode(errors="replace").decode()
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _notes(pairs: Pairs) -> tuple[Note, ...]:
    found = dict.fromkeys(Note(shown(name), shown(value)) for name, value in islice(pairs, MOST_NOTES))
    return tuple(found)


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("prompt", "negative_prompt", "model", "sampler"), _text),
    **dict.fromkeys(("steps", "width", "height", "seed"), whole),
    "guidance_scale": real,
}
