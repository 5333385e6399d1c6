"""InvokeAI's JSON: `invokeai_metadata` since version 3, `sd-metadata` before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from recipes.objects import inner, listed, parsed
from recipes.recipe import Pairs, Recipe, file_name, made, shown
from recipes.sampling import sampler

TOOL = "InvokeAI"
_ABOUT = ("app_version", "generation_mode", "rand_device")
_USED = ("positive_prompt", "negative_prompt", "width", "height", "seed", "steps", "cfg_scale", "scheduler", "model")
_ADDED = {  # lists of networks, each with its model under one of these keys
    "loras": "LoRA",
    "controlnets": "ControlNet",
    "ipAdapters": "IP-Adapter",
    "t2iAdapters": "T2I-Adapter",
}
_MODELS = ("model", "lora", "control_model", "ip_adapter_model", "t2i_adapter_model")


def read(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of a file; None: there is none of this kind."""
    if said := parsed(texts.get("invokeai_metadata")):
        return _current(said)
    if said := parsed(texts.get("sd-metadata")):
        return _before(said)
    return None


def _current(said: Mapping[str, Any]) -> Recipe:
    chosen, schedule = sampler(said.get("scheduler"))
    fields = {
        "prompt": said.get("positive_prompt"),
        "negative_prompt": said.get("negative_prompt"),
        "model": _model(said.get("model")),
        "steps": said.get("steps"),
        "guidance_scale": said.get("cfg_scale"),
        "width": said.get("width"),
        "height": said.get("height"),
        "seed": said.get("seed"),
        "sampler": chosen,
    }
    others = [*schedule, *_networks(said), *_rest(said)]
    return made(TOOL, fields, others, [(key, said[key]) for key in _ABOUT if said.get(key) is not None])


def _networks(said: Mapping[str, Any]) -> Pairs:
    for key, kind in _ADDED.items():
        for one in listed(said.get(key)):
            name = next((name for model in _MODELS if (name := _model(inner(one, model)))), "?")
            weight = next((one[key] for key in ("weight", "control_weight") if inner(one, key) is not None), None)
            yield kind, name if weight is None else f"{name}:{shown(weight)[:20]}"


def _rest(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is set beyond a plain picture from a prompt."""
    for key, value in said.items():
        if key not in (*_USED, *_ABOUT, *_ADDED) and value not in (None, False, 0, "", [], {}):
            yield key, _model(value) or value if isinstance(value, dict) else value


def _model(value: Any) -> Any:
    """The name of a model, which is described in another way in each version."""
    names = (inner(value, "name"), inner(value, "model_name"), inner(value, "key"))
    return next((name for name in names if isinstance(name, str)), None)


def _before(said: Mapping[str, Any]) -> Recipe:
    image = inner(said, "image")
    prompt, negative = _prompts(inner(image, "prompt"))
    chosen, schedule = sampler(inner(image, "sampler"))
    fields = {
        "prompt": prompt,
        "negative_prompt": negative,
        "model": file_name(said.get("model_weights")),
        "steps": inner(image, "steps"),
        "guidance_scale": inner(image, "cfg_scale"),
        "width": inner(image, "width"),
        "height": inner(image, "height"),
        "seed": inner(image, "seed"),
        "sampler": chosen,
    }
    keys = ("type", "hires_fix", "seamless", "postprocessing", "variations", "strength", "threshold", "perlin")
    found = [(key, inner(image, key)) for key in keys]
    others = [(key, value) for key, value in found if value not in (None, False, 0, "", [], "txt2img")]
    about = [(key, said[key]) for key in ("app_version", "model_hash") if said.get(key) is not None]
    return made(TOOL, fields, [*schedule, *others], about)


def _prompts(value: Any) -> tuple[Any, str | None]:
    """Prompt and negative prompt, which stood in [brackets] within it."""
    if isinstance(value, list):
        value = inner(value[0], "prompt") if value else None
    if not isinstance(value, str) or not value.rstrip().endswith("]"):
        return value, None
    positive, _, negative = value.rstrip()[:-1].rpartition("[")
    return positive.rstrip(), negative
