"""What A1111's clients call a model → its name here."""

from __future__ import annotations

import re

from errors import InvalidRequest
from models.registry import Registry, known_as

_HASH = re.compile(r"\s*\[[0-9a-fA-F]{6,64}\]\s*$")  # behind a title; there are no hashes of files here
_ENDING = re.compile(r"\.(safetensors|ckpt|gguf)$", re.IGNORECASE)


def named(wanted: str, models: Registry) -> str:
    """The name of the model that is known as `wanted`, a file's ending and hash aside, or of the only one that has it.

    Raises InvalidRequest.
    """
    asked = _ENDING.sub("", _HASH.sub("", wanted)).strip()
    if (found := known_as(asked, models)) in models:
        return found
    parts = [spec.name for spec in models.values() if asked and asked.lower() in f"{spec.name}\n{spec.title}".lower()]
    if len(parts) == 1:
        return parts[0]
    why = "could be several" if parts else "is not on offer"
    raise InvalidRequest(
        f"Model is {ascii(wanted)[:80]}, which {why}. Choose one of: {', '.join(parts or models)}.", "model"
    )
