"""The models as programs are told of them. Nothing of where their files are on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.families import wanted
from models.registry import Registry
from models.spec import ModelSpec
from models.storage import State, folder
from models.vocabulary import all_words, load_vocabulary

FIELDS = {
    *("name", "title", "good_at", "bad_at", "size", "sizes", "size_multiple", "max_pixels", "steps", "guidance_scale"),
    *("guidance", "negative_prompt", "sampler", "samplers", "parameters", "download_bytes", "licence", "examples"),
}


def offered(models: Registry, states: Mapping[str, State], default_model: str) -> list[dict[str, Any]]:
    """All that are on offer."""
    return [told(spec, states[name], name == default_model) for name, spec in models.items()]


def told(spec: ModelSpec, state: State, default: bool) -> dict[str, Any]:
    """What it is for, its limits and defaults, licence, state, and the words that it knows (null: any English)."""
    entry = spec.model_dump(mode="json", include=FIELDS)
    return {**entry, "state": state.value, "default": default, "words": words(spec)}


def words(spec: ModelSpec) -> list[str] | None:
    """All words that the model knows; None: any, or its files are not here to tell."""
    tokenizer = next(it for it in wanted(spec) if it.name == "tokenizer")
    there = folder(tokenizer.source) if spec.vocabulary else None
    try:
        return all_words(load_vocabulary(there / tokenizer.folder)) if there else None
    except OSError:
        return None
