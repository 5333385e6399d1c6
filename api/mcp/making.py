"""The tools that make pictures. They raise DarkroomError for whatever can't be done."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from anyio.to_thread import run_sync
from mcp import types

from api.mcp import pictures
from api.mcp.answers import Compared, Comparison, Recipe, answer
from api.mcp.call import Call
from errors import DarkroomError, InvalidRequest
from generation.events import Finished, Picture
from generation.request import RANDOM, GenerationRequest
from models.storage import State

COMPARED = {"models", "prompt", "negative_prompt", "seed", "steps", "guidance_scale", "width", "height", "sampler"}


async def generate(call: Call, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """Pictures from a prompt, and their recipe."""
    finished = await call.made(call.engine.request(arguments))
    return answer(_recipe(finished), [*await _shown(finished.pictures)])


async def compare(call: Call, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """The same prompt and seed on several models. One that fails keeps its error, and the rest goes on."""
    if unknown := sorted(set(arguments) - COMPARED):
        raise InvalidRequest(f"{unknown[0][:60]!r} is not a setting. Settings are: {', '.join(sorted(COMPARED))}.", "")
    models = await _models(call, arguments.get("models"))
    requests = _requests(call, arguments, models)
    compared: list[Compared] = []
    made: list[Picture] = []
    for part, model in enumerate(models):
        try:
            finished = await call.made(requests[model], part, len(models))
            compared.append(Compared(model=model, recipe=_recipe(finished), error=None))
            made += finished.pictures
        except DarkroomError as error:
            compared.append(Compared(model=model, recipe=None, error=str(error)))
    images = iter(await _shown(made))
    content: list[types.ContentBlock] = []
    for one in compared:
        content.append(types.TextContent(type="text", text=_line(one)))
        content += [next(images)] if one.recipe else []
    said = Comparison(seed=requests[models[0]].seed, pictures=compared)
    return answer(said, content, failed=not made)


async def _models(call: Call, asked: Any) -> list[str]:
    """Those that were asked for, else all that need no download."""
    if asked is None:
        states = await run_sync(call.engine.states)
        return [name for name, state in states.items() if state is not State.TO_DOWNLOAD]
    if not isinstance(asked, list) or not asked or any(not isinstance(name, str) for name in asked):
        raise InvalidRequest("Models is not a list of names. Give some, or leave it out for all on this machine.", "")
    if len(set(asked)) < len(asked):
        raise InvalidRequest("Models names one twice. Give each once.", "model")
    return asked


def _requests(call: Call, arguments: Mapping[str, Any], models: Sequence[str]) -> dict[str, GenerationRequest]:
    """One for each model, all checked before the first begins, with one seed."""
    common = {name: value for name, value in arguments.items() if name != "models"}
    if common.get("seed", RANDOM) in (None, RANDOM):
        common["seed"] = secrets.randbelow(2**31)
    return {model: call.engine.request({**common, "model": model, "count": 1}) for model in models}


async def _shown(made: Sequence[Picture]) -> list[types.ImageContent]:
    share = pictures.MOST_BYTES // max(1, len(made))
    return [await run_sync(pictures.content, picture, share) for picture in made]


def _recipe(finished: Finished) -> Recipe:
    return Recipe(
        request=finished.request,
        seeds=[picture.seed for picture in finished.pictures],
        seconds=round(finished.timings.total, 3),
        seconds_per_step=round(finished.timings.seconds_per_step, 4),
        device=finished.device,
        notes=list(finished.notes),
    )


def _line(one: Compared) -> str:
    return f"{one.model}: {one.recipe.seconds:.2g} seconds" if one.recipe else f"{one.model}: {one.error}"
