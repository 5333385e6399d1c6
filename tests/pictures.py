"""Pictures for a gallery: real PNG files with their recipes, made in no time."""

from functools import cache
from typing import Any

from PIL import Image

import config
from gallery.entry import Name
from gallery.gallery import Gallery
from gallery.search import Search
from generation import infotext
from generation.request import complete
from generation.settings import Limits
from tests.published import CONFIG

MOMENT = 1_767_225_600_000_000  # microseconds: the first of 2026, 0:00 UTC
SECOND = 1_000_000
DAY = 86_400 * SECOND
ALL = 1000  # more pictures than a test makes


@cache
def models() -> dict[str, Any]:
    return {spec.name: spec for spec in config.load(CONFIG).models}


def png(prompt: str = "a lighthouse", side: int = 8, **asked: Any) -> bytes:
    """A picture as the engine makes it."""
    request = complete({"prompt": prompt, "seed": 7} | asked, models(), "mini-sd", Limits())
    return infotext.png(Image.new("RGB", (side, side), (200, 60, 40)), infotext.write(request, models()[request.model]))


def saved(gallery: Gallery, prompt: str = "a lighthouse", *, at: int = 0, owner: str = "", **asked: Any) -> str:
    """The id of a picture in `gallery`, made `at` microseconds into 2026."""
    name = Name(Name.new().id, MOMENT + at, owner)
    return gallery.save(name, png(prompt, **asked)).name.id


def prompts(gallery: Gallery, search: Search = Search()) -> list[str]:  # noqa: B008 - frozen
    """Of the pictures that are found, newest first."""
    return [entry.prompt for entry in gallery.page(search, None, ALL)]
