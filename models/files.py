"""Which files of a repo a model needs, and whether a safetensors file is whole. Knows no hub and no torch."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from errors import ModelUnavailable
from models.families import RECIPES, Component, Wanted, wanted
from models.spec import ModelSpec, Source

log = logging.getLogger(__name__)

INDEX = "model_index.json"
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


@dataclass(frozen=True)
class Files:
    """The files of one component, as paths in its source."""

    component: str
    source: Source
    folder: str
    recipe: Component
    small: tuple[str, ...]  # configuration, vocabulary
    weights: tuple[str, ...]  # safetensors (and their index where they are sharded); empty: it has none
    variant: str | None  # of the weights


def choose(spec: ModelSpec, source: Source, names: Collection[str]) -> list[Files]:
    """The files that `spec` needs of one of its sources among the `names` of all files there, component by component.

    Raises ModelUnavailable if it cannot be built from them.
    """
    its = [it for it in wanted(spec) if it.source == source]
    if source == spec.source and INDEX not in names:
        raise ModelUnavailable(
            f"{spec.name}: {spec.repo} has no {INDEX}, so it is no diffusers checkpoint. "
            f"Name a repo or folder that has one, with a folder for each of {', '.join(it.name for it in its)}."
        )
    return [_component(spec, it, names) for it in its]


def _component(spec: ModelSpec, wanted: Wanted, names: Collection[str]) -> Files:
    component, folder, repo = wanted.component, PurePosixPath(wanted.folder), wanted.source.repo
    inside = sorted(path.name for path in map(PurePosixPath, names) if path.parent == folder)
    small = [file for file in inside if any(fnmatch(file, pattern) for pattern in (*component.needs, *component.files))]
    weights, variant = _weights(component.weights, spec.variant, inside) if component.weights else ([], None)
    if component.weights and not weights and any(file.endswith(PICKLES) for file in inside):
        raise ModelUnavailable(
            f"{spec.name}: {folder}/ of {repo} holds its weights only as pickles, which can run any code. "
            "Only safetensors are loaded; use a revision of the repo that has them, or convert it."
        )
    needed = set(component.needs) & set(inside)
    if not needed or (component.weights and not weights):
        missing = f"{component.weights}.safetensors" if needed else component.needs[0]
        raise ModelUnavailable(
            f"{spec.name}: {repo} lacks the component {wanted.name} (no {folder / missing}). "
            "Use a complete checkpoint of this family, or correct the entry in config.yaml."
        )
    if component.weights and variant != spec.variant:
        log.info("%s: %s/ has no %s files; taking its default ones", spec.name, folder, spec.variant)
    small = [file for file in small if file not in weights]
    small, weights = ([str(folder / file) for file in files] for files in (small, weights))
    return Files(wanted.name, wanted.source, wanted.folder, component, tuple(small), tuple(weights), variant)


def _weights(stem: str, variant: str | None, inside: Collection[str]) -> tuple[list[str], str | None]:
    """One file, or all shards and their index: of the variant if there, else the default ones."""
    for kind in dict.fromkeys((variant, None)):
        dotted = f".{kind}" if kind else ""
        single = f"{stem}{dotted}.safetensors"
        if single in inside:
            return [single], kind
        shard = re.compile(rf"{stem}(?:{re.escape(dotted)})?-\d+-of-(\d+)(?:{re.escape(dotted)})?\.safetensors")
        shards = {file: found[1] for file in inside if (found := shard.fullmatch(file))}
        index = f"{stem}.safetensors.index{dotted}.json"
        if index in inside and [int(total) for total in shards.values()] == [len(shards)] * len(shards) != []:
            return [*shards, index], kind
    return [], None


def index(spec: ModelSpec, folder: Path) -> dict[str, Any]:
    """The checkpoint's model_index.json. Raises ModelUnavailable if it is not one of the spec's family."""
    path = folder / INDEX
    named = RECIPES[spec.family].named
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{spec.name}: {path} cannot be read ({error}). Put a whole copy in its place."
        ) from error
    if not isinstance(found, dict) or found.get("_class_name") != named:
        said = found.get("_class_name") if isinstance(found, dict) else found
        raise ModelUnavailable(
            f"{spec.name}: {INDEX} of {spec.repo} names the pipeline {str(said)[:60]!r}, but the family "
            f"{spec.family.value} needs {named}. Correct `family` or `repo` in config.yaml."
        )
    return found


class Damaged(Exception):  # noqa: N818 - it says what the file is
    """A safetensors file that is not whole."""


def shapes(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The precision and shape of each tensor in a safetensors file, after checking that all its bytes are there.

    Raises Damaged. Reads the header only.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, 100_000_000)))
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        found = {name: (str(entry["dtype"]), tuple(entry["shape"])) for name, entry in tensors.items()}
    except (ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise Damaged("its header is not that of a safetensors file") from error
    expected, size = 8 + length + end, path.stat().st_size
    if size != expected:
        raise Damaged(f"it has {size} bytes where its header says {expected}")
    return found


def elements(shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> int:
    """How many numbers these tensors hold."""
    return sum(math.prod(shape) for _, shape in shapes.values())
