"""The tools as an assistant reads of them: what each is for, and what it takes, with this deployment's models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mcp.types import Tool, ToolAnnotations

from api.mcp.answers import Comparison, Models, Recipe
from generation.engine import Engine
from generation.request import MAX_SEED
from generation.samplers import SAMPLERS
from models.spec import ModelSpec, Range
from models.told import words

GENERATE = """\
Make pictures from a prompt with a diffusion model, and return them with their recipe. Takes a second to minutes, and
longer where the model must be downloaded first. Only the prompt is needed: leave out what you have no reason to set,
and the model's own default is taken. The same settings and seed give the same picture again. Prompts are English."""
COMPARE = """\
Make one picture of the same prompt and seed on each of several models, one after another, and return them side by side
with what each took. For the question which model is worth its time. A model that fails has its error, the rest goes
on."""
LIST = """\
List the models with what each is good and bad at, sizes, limits and defaults, licence and use restrictions, whether it
is on the device, on the disk or still to be downloaded, and the words that it knows, where these are all."""


def tools(engine: Engine) -> list[Tool]:
    """All that there are."""
    models = list(engine.models.values())
    common = _common(engine, models)
    names = list(engine.models)
    model = {"type": "string", "enum": names, "default": engine.default_model, "description": _models(models)}
    count = _number("integer", 1, engine.limits.count, 1, "How many pictures; picture i has the seed seed + i.")
    several = {
        "type": "array",
        "items": {"type": "string", "enum": names},
        "minItems": 1,
        "uniqueItems": True,
        "description": "Left out: all that need no download. What each is good at is told with generate_image.",
    }
    one = {"prompt": common["prompt"], "model": model, **common, "count": count}
    each = {"prompt": common["prompt"], "models": several, **common}
    return [
        _tool("generate_image", "Generate an image", GENERATE, one, Recipe),
        _tool("list_models", "List models", LIST, {}, Models, reads=True),
        _tool("compare_models", "Compare models", COMPARE, each, Comparison),
    ]


def _tool(name: str, title: str, text: str, takes: dict[str, Any], gives: Any, reads: bool = False) -> Tool:
    schema = {"type": "object", "properties": takes, "additionalProperties": False}
    return Tool(
        name=name,
        title=title,
        description=" ".join(text.split()),
        inputSchema=schema | ({"required": ["prompt"]} if takes else {}),
        outputSchema=gives.model_json_schema(),
        annotations=ToolAnnotations(readOnlyHint=reads, destructiveHint=False, openWorldHint=False),
    )


_NEGATIVE = """What it should not show. Does nothing at a guidance scale of 1; models whose guidance is distilled
(list_models) take none."""


def _common(engine: Engine, models: list[ModelSpec]) -> dict[str, Any]:
    """What both tools that make pictures take. The ranges are those of all models together; list_models has each's."""
    most = engine.limits.prompt_characters
    guidances = [spec.guidance_scale for spec in models if spec.guidance_scale]
    sides = f"Pixels. Left out: the model's own. Own size, and what sides must be a multiple of: {_sizes(models)}."
    return {
        "prompt": _text(most, f"What the picture should show.{_vocabulary(models)}"),
        "negative_prompt": _text(most, _NEGATIVE),
        "steps": _range("integer", (spec.steps for spec in models), "Denoising steps: more take longer."),
        "guidance_scale": _range("number", guidances, "How closely the prompt is followed."),
        "width": {"type": "integer", "minimum": 8, "description": sides},
        "height": {"type": "integer", "minimum": 8, "description": sides},
        "seed": _number("integer", -1, MAX_SEED, -1, "For the same picture again; -1 draws one."),
        "sampler": {"type": "string", "enum": list(SAMPLERS), "description": "Left out: the model's own."},
    }


def _models(models: list[ModelSpec]) -> str:
    return "\n".join(f"{spec.name}: {spec.good_at} Weak at: {spec.bad_at}" for spec in models)


def _sizes(models: list[ModelSpec]) -> str:
    """The native size of each, and what its sides are multiples of."""
    return ", ".join(f"{it.name} {it.size.width}x{it.size.height} by {it.size_multiple}" for it in models)


def _vocabulary(models: list[ModelSpec]) -> str:
    """The only words of those models that know few."""
    known: dict[str, list[str]] = {}
    for spec in models:
        if some := words(spec):
            known.setdefault(", ".join(some), []).append(spec.name)
    return "".join(f" {' and '.join(names)}: only these words are known: {some}." for some, names in known.items())


def _text(most: int, description: str) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, "description": description}


def _number(kind: str, low: float, high: float, default: float, description: str) -> dict[str, Any]:
    return {"type": kind, "minimum": low, "maximum": high, "default": default, "description": description}


def _range(kind: str, ranges: Iterable[Range[int] | Range[float]], description: str) -> dict[str, Any]:
    known = list(ranges)
    if not known:
        return {"type": kind, "description": f"{description} No model here takes one."}
    low, high = min(one.low for one in known), max(one.high for one in known)
    return {"type": kind, "minimum": low, "maximum": high, "description": f"{description} Left out: the model's own."}
