"""The file of a picture → the recipe that it holds, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generation.mark import SOURCE
from recipes import a1111, comfyui, container, fooocus, invokeai
from recipes.container import Container
from recipes.recipe import Recipe

_DIALECTS = (invokeai, fooocus, a1111, comfyui)  # those that name themselves come first


@dataclass(frozen=True)
class Reading:
    """What a file says."""

    file: Container
    recipe: Recipe | None  # None: it says nothing that we understand of how it was made
    marked: bool  # as made by a model, by IPTC's digital source type


def read(content: bytes) -> Reading:
    """What the file of a picture says. Raises UnreadablePicture."""
    file = container.opened(content)
    return Reading(file, understood(file.texts), SOURCE in file.texts.get(container.XMP, ""))


def understood(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of a file, whatever they are; raises nothing."""
    return next((recipe for dialect in _DIALECTS if (recipe := dialect.read(texts))), None)
