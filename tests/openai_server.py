"""What the tests of the images API share: a server of tiny models, and how to look into its answers."""

import base64
from pathlib import Path
from typing import Any

from openai.types import Image, ImagesResponse

from generation import infotext
from recipes import png
from tests.deployments import entry, written
from tests.serving import LONG
from tests.tiny import Checkpoints

SLOW: dict[str, Any] = {
    "prompt": "never finished",
    "size": f"{LONG['width']}x{LONG['height']}",
    "extra_body": {"steps": LONG["steps"]},
}


def many_models(folder: Path, checkpoints: Checkpoints, **choices: Any) -> Path:
    """A config.yaml with four models that can be had, and `gone`, which can't."""
    some = [entry(f"tiny-{n}", checkpoints["sd"], max_pixels=256 * 256) for n in range(4)]
    return written(folder, *some, entry("gone", folder / "nowhere", repo="./nowhere"), **choices)


def images(made: ImagesResponse) -> list[Image]:
    assert made.data
    return made.data


def content(image: Any) -> bytes:
    """The file, of a picture or of an event in a stream."""
    assert image.b64_json
    return base64.b64decode(image.b64_json, validate=True)


def recipe(picture: bytes) -> dict[str, Any]:
    """The settings in a PNG."""
    return infotext.read(png.read(picture).texts[infotext.CHUNK])
