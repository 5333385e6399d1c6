"""What A1111's clients call a model → its name here."""

from __future__ import annotations

import re
from collections.abc import Callable

from errors import InvalidRequest
from models.registry import Registry
from models.spec import ModelSpec

_HASH = re.compile(r"\s*\[[0-9a-fA-F]{6,64}\]\s*$")  # behind a title
_ENDING = re.compile(r"\.(safetensors|ckpt|gguf)$", re.IGNORECASE)

# Asked one after another, as A1111 does it; there are no hashes of files here.
_KEYS: tuple[Callable[[ModelSpec], str], ...] = (
    lambda spec: spec.name,
    lambda spec: spec.title,
    lambda spec: "" if spec.local else spec.repo,
    lambda spec: "" if spec.local else spec.repo.rpartition("/")[2],
)


def named(wanted: str, models: Registry) -> str:
    """The name of the model that `wanted` stands for: a name, title or repo in any case, or a part that only one has.

    Raises InvalidRequest.
    """
    asked = _ENDING.sub("", _HASH.sub("", wanted)).strip()
    for key in _KEYS:
        if found := next((spec.name for spec in models.values() if asked and key(spec).lower() == asked.lower()), ""):
            return found
    parts = [spec.name for spec in models.values() if asked and asked.lower() in f"{spec.name}\n{spec.title}".lower()]
    if len(parts) == 1:
        return parts[0]
    why = "could be several" if parts else "is not on offer"
    raise InvalidRequest(
        f"Model is {ascii(wanted)[:80]}, which {why}. Choose one of: {', '.join(parts or models)}.", "model"
    )
