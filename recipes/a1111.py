"""The `parameters` text: AUTOMATIC1111's, and that of Forge, SD.Next, Darkroom and whoever else writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generation import infotext
from generation.weights import networks
from recipes.recipe import Recipe, made
from recipes.sampling import sampler

PLACES = ("parameters", "UserComment", "Comment")  # of a file where the text is found
OURS = "Darkroom"
_USED = ("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model", "Sampler sigma", "Scheduler")
_ABOUT = (
    *("App", "Backend", "Batch", "Checksum", "Created", "Device", "GPU", "Hashes", "Index", "Lora hashes"),
    *("Model hash", "Model repo", "Model revision", "Operations", "Parser", "Pipeline", "Precision", "Refiner hash"),
    *("RNG", "TI hashes", "Time", "Torch", "User", "VAE hash", "Version"),
)
_USUAL = ("", "None", "Automatic", "Default (model)")  # values that stand for nothing special
_NETWORKS = {"lora": "LoRA", "lyco": "LyCORIS", "hypernet": "Hypernetwork"}
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")


def read(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of a file; None: there is none of this kind."""
    for place in PLACES:
        if place in texts and (recipe := understood(texts[place])):
            return recipe
    return None


def understood(text: str, tool: str | None = None) -> Recipe | None:
    """The recipe that `text` is, from `tool` if that is known otherwise; None: it has no line of settings."""
    said = infotext.parts(text)
    if not said.pairs:
        return None
    pairs = said.pairs
    tool = tool or _tool(pairs)
    if tool == OURS:  # exactly what was asked, which our text keeps even where this grammar can't say it
        about = [(key, value) for key, value in pairs.items() if key not in (*_USED, infotext.OURS, "RNG")]
        return made(tool, infotext.read(text), (), about)
    chosen, schedule = sampler(pairs.get("Sampler"), _schedule(pairs))
    size = _SIZE.fullmatch(pairs.get("Size", ""))
    fields = {
        "prompt": said.prompt,
        "negative_prompt": said.negative_prompt,
        "model": pairs.get("Model"),
        "steps": pairs.get("Steps"),
        "guidance_scale": pairs.get("CFG scale"),
        "width": size and size[1],
        "height": size and size[2],
        "seed": pairs.get("Seed"),
        "sampler": chosen,
    }
    others = [*schedule, *_networks(said)]
    others += [(key, value) for key, value in pairs.items() if key not in (*_USED, *_ABOUT) and value not in _USUAL]
    others += [("Size", pairs["Size"])] if "Size" in pairs and not size else []
    return made(tool, fields, others, [(key, pairs[key]) for key in _ABOUT if key in pairs])


def _schedule(pairs: Mapping[str, str]) -> str:
    """A1111 and Forge say it as a schedule type, SD.Next as the sampler's sigmas, Fooocus as a scheduler."""
    return pairs.get("Schedule type") or pairs.get("Sampler sigma") or pairs.get("Scheduler") or ""


def _networks(said: infotext.Said) -> list[tuple[str, Any]]:
    """Those that the prompts name; else, as Fooocus writes it, those of which the hashes are told."""
    named = [*networks(said.prompt), *networks(said.negative_prompt)]
    if not named and (hashes := said.pairs.get("Lora hashes")):
        return [("LoRA", hashes)]
    return [(_NETWORKS[kind.lower()], name) for kind, name in named]


def _tool(pairs: Mapping[str, str]) -> str:
    """The program that wrote `pairs`, as far as it gives itself away."""
    version, app = pairs.get("Version", ""), pairs.get("App", "")
    if version == OURS:
        return OURS
    if app:
        return app
    if re.match(r"f[0-9]|neo|forge", version, re.IGNORECASE):
        return "Forge"
    for name in ("Fooocus", "ComfyUI"):
        if version.startswith(name):
            return name
    return "AUTOMATIC1111"
