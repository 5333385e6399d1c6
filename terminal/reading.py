"""`python app.py read`: what the file of a picture says of how it was made, and what of it can be asked for here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from config import Config
from errors import UnreadablePicture
from generation.request import GenerationRequest, complete
from models.registry import Registry, registry
from recipes.container import MOST_BYTES
from recipes.reading import Reading, read
from recipes.recipe import Recipe
from recipes.taking import Taken, known, taken
from terminal.text import plain

Ask = Callable[[Mapping[str, Any]], GenerationRequest]


def run(deployment: Config, path: Path, for_programs: bool) -> None:
    """Print what the file says. Raises UnreadablePicture."""
    models = registry(deployment.models)
    ask = partial(complete, models=models, default_model=deployment.default_model, limits=deployment.limits)
    print((as_json if for_programs else text)(opened(path), ask, models))


def opened(path: Path) -> Reading:
    """Raises UnreadablePicture, naming the file."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadablePicture(f"{path} can't be opened ({error.strerror or error}). Name a picture.") from error
    try:
        return read(content)
    except UnreadablePicture as error:
        raise UnreadablePicture(f"{path}: {error}") from None


def text(found: Reading, ask: Ask, models: Registry) -> str:
    """For people."""
    lines = [f"{found.file.kind}, {found.file.width}x{found.file.height}"]
    if found.recipe is None:
        return f"{lines[0]}. It does not say how it was made."
    lines[0] += f", made with {plain(found.recipe.tool)}"
    lines += _table(_fields(found.recipe).items())
    fate = _fate(found.recipe, ask, models)
    if fate.refused or found.recipe.others:
        lines += ["", "What can't be had here:"]
        lines += [f"  {plain(reason)}" for reason in fate.refused]
        lines += _table(found.recipe.others)
    if found.recipe.about:
        lines += ["", "Also said:", *_table(found.recipe.about)]
    return "\n".join(lines)


def as_json(found: Reading, ask: Ask, models: Registry) -> str:
    """For programs: `fields` as a request takes them; `refused` says which of them are not accepted here, and why."""
    told: dict[str, Any] = {"kind": found.file.kind, "width": found.file.width, "height": found.file.height}
    told["tool"] = found.recipe.tool if found.recipe else None
    if found.recipe:
        told["fields"] = dict(found.recipe.fields)
        told["refused"] = list(_fate(found.recipe, ask, models).refused)
        told["others"] = [note._asdict() for note in found.recipe.others]
        told["about"] = [note._asdict() for note in found.recipe.about]
    return json.dumps(told | {"texts": dict(found.file.texts)}, indent=2)


def _fate(recipe: Recipe, ask: Ask, models: Registry) -> Taken:
    return taken(ask, known(recipe.fields, models))


def _fields(recipe: Recipe) -> dict[str, str]:
    return {field.replace("_", " ").capitalize(): str(value) for field, value in recipe.fields.items()}


def _table(rows: Any) -> list[str]:
    """Each name with its value beside it; further lines of a value below its first."""
    found = [(plain(name), [plain(line) for line in value.split("\n")]) for name, value in rows]
    wide = max((len(name) for name, _ in found), default=0)
    return [
        f"  {name if not number else '':{wide}}  {line}".rstrip()
        for name, value in found
        for number, line in enumerate(value)
    ]
