"""Fooocus: its own JSON, or A1111's text, as `fooocus_scheme` says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generation import infotext
from recipes import a1111
from recipes.objects import parsed
from recipes.recipe import Note, Pairs, Recipe, file_name, made, shown
from recipes.sampling import sampler

TOOL = "Fooocus"
_RESOLUTION = re.compile(r"\(?'?([0-9]{1,9})'?\s*[,×x*]\s*'?([0-9]{1,9})'?\)?")
_USED = (
    *("prompt", "negative_prompt", "base_model", "steps", "guidance_scale", "resolution", "seed", "sampler"),
    *("scheduler", "loras", "full_prompt", "full_negative_prompt", "prompt_expansion", "metadata_scheme"),
)
_ABOUT = ("version", "base_model_hash", "refiner_model_hash", "created_by")
_USUAL = {"vae": "Default (model)", "refiner_model": "None", "clip_skip": 2}  # what stands for nothing special


def read(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of a file; None: there is none of this kind."""
    for place in ("parameters", "UserComment"):
        text = texts.get(place, "")
        if (said := parsed(text)) and ("base_model" in said or "metadata_scheme" in said):
            return _own(said)
        if "fooocus_scheme" in texts or texts.get("Software", "").startswith(TOOL) or "Version: Fooocus" in text:
            recipe = a1111.understood(text, TOOL)
            if recipe:
                return _raw(recipe, infotext.parts(text).pairs)
    return None


def _own(said: Mapping[str, Any]) -> Recipe:
    chosen, schedule = sampler(said.get("sampler"), said.get("scheduler"))
    resolution = said.get("resolution")
    size = _RESOLUTION.fullmatch(resolution) if isinstance(resolution, str) else None
    fields = {
        "prompt": said.get("prompt"),
        "negative_prompt": said.get("negative_prompt"),
        "model": file_name(said.get("base_model")),
        "steps": said.get("steps"),
        "guidance_scale": said.get("guidance_scale"),
        "width": size and size[1],
        "height": size and size[2],
        "seed": said.get("seed"),
        "sampler": chosen,
    }
    others = [*schedule, *_rest(said)]
    others += [("resolution", resolution)] if resolution and not size else []
    return made(TOOL, fields, others, [(key, said[key]) for key in _ABOUT if key in said])


def _rest(said: Mapping[str, Any]) -> Pairs:
    for key, value in said.items():
        if key.startswith("lora_combined_"):
            yield "LoRA", value
        elif key not in (*_USED, *_ABOUT) and value not in ("", "[]", None, _USUAL.get(key)):
            yield key, value


def _raw(recipe: Recipe, pairs: Mapping[str, str]) -> Recipe:
    """A1111's text holds the prompts with all styles added; what the user wrote stands beside them."""
    fields, others = dict(recipe.fields), [note for note in recipe.others if not note.name.startswith("Raw ")]
    for field, key in (("prompt", "Raw prompt"), ("negative_prompt", "Raw negative prompt")):
        if key in pairs and pairs[key] != fields[field]:
            others.append(Note(f"Styled {field.replace('_', ' ')}", shown(fields[field])))
            fields[field] = pairs[key]
    return replace(recipe, fields=fields, others=tuple(others))
