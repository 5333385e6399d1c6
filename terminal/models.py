"""`python app.py models`: what is on offer, as a table or as JSON. Quick: loads no torch."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.amounts import bytes_text
from models.registry import Registry
from models.spec import Licence, ModelSpec
from models.storage import State, incomplete
from models.told import words
from models.vocabulary import by_kind
from terminal.text import plain

COLUMNS = ("name", "title", "parameters", "download", "state", "size", "steps", "guidance", "licence")
PIPED_WIDTH = 160  # characters: what reads a pipe has no edge to wrap at


def print_json(models: Registry, default_model: str) -> None:
    """A list of objects on stdout, one per model."""
    print(json.dumps([described(spec, default_model) for spec in models.values()], indent=2))


def print_table(models: Registry, default_model: str) -> None:
    """The same for people; the model that is used when none is named has a star."""
    table = Table(*COLUMNS, box=box.SIMPLE_HEAD)
    for spec in models.values():
        table.add_row(*(Text(plain(cell)) for cell in _row(spec, default_model)))
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(table)
    for line in (*restrictions(models), *vocabularies(models)):
        console.print(Text(line))


def restrictions(models: Registry) -> list[str]:
    """What the licences forbid, each with where it stands and the models that it is about."""
    about: dict[Licence, list[str]] = {}
    for spec in models.values():
        about.setdefault(spec.licence, []).append(spec.name)
    return [
        plain(f"{licence.name} ({', '.join(names)}): {licence.restrictions} {licence.url}")
        for licence, names in about.items()
        if licence.restrictions
    ]


def vocabularies(models: Registry) -> list[str]:
    """The words that models know which know few, by kind, each list once with the models that it is of."""
    known: dict[tuple[str, ...], list[str]] = {}
    for spec in models.values():
        if some := words(spec):
            known.setdefault(tuple(some), []).append(spec.name)
    return [
        f"All words that {', '.join(names)} know{'s' * (len(names) == 1)}: "
        + "; ".join(f"{kind} {', '.join(its)}" for kind, its in by_kind(some).items())
        for some, names in known.items()
    ]


def described(spec: ModelSpec, default_model: str) -> dict[str, Any]:
    """All that config.yaml says of a model but how to preview it, with where its files are now."""
    entry = spec.model_dump(mode="json", exclude={"latent_space"})
    return {**entry, "state": state(spec), "default": spec.name == default_model, "words": words(spec)}


def state(spec: ModelSpec) -> str:
    """Whether the files are there; outside of a server nothing is ever on the device."""
    lacking = incomplete(spec)
    if not lacking:
        return State.ON_DISK.value
    return "missing" if any(source.local for source in lacking) else State.TO_DOWNLOAD.value


def _row(spec: ModelSpec, default_model: str) -> Sequence[str]:
    guidance = "none" if spec.guidance_scale is None else f"{spec.guidance_scale.default:g}"
    guidance += ", distilled" if spec.guidance == "distilled" else ""
    return (
        f"{spec.name} *" if spec.name == default_model else spec.name,
        spec.title,
        count_text(spec.parameters),
        bytes_text(spec.download_bytes) if spec.download_bytes else "ships along",
        state(spec),
        f"{spec.size.width}x{spec.size.height}",
        str(spec.steps.default),
        guidance,
        spec.licence.name,
    )


def count_text(count: int) -> str:
    """1066235307 → "1.07 billion", 7000000 → "7 million"."""
    return f"{count / 1e9:.2f} billion" if count >= 1e9 else f"{count / 1e6:.3g} million"
