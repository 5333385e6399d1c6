"""Deployments of tiny models: a config.yaml of our own form, around checkpoints in local folders."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

OURS = Path(__file__).parents[1] / "config.yaml"
TINY_SIZES: list[dict[str, int]] = [{"width": 64, "height": 64}, {"width": 128, "height": 64}]
TINY: dict[str, Any] = {
    "revision": None,
    "variant": "fp16",
    "size": TINY_SIZES[0],
    "sizes": TINY_SIZES,
    "max_pixels": 128 * 128,
    "steps": {"low": 1, "high": 1000, "default": 2},
    "parameters": 100_000,
    "download_bytes": 0,
}


def entry(name: str, folder: Path, like: str = "stable-diffusion-v1-4", **changes: Any) -> dict[str, Any]:
    """The entry of our model `like`, made to fit the tiny checkpoint in `folder`."""
    ours = next(model for model in _ours() if model["name"] == like)
    return deepcopy({**ours, **TINY, "name": name, "title": f"Tiny {name}", "repo": str(folder), **changes})


@cache
def _ours() -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = yaml.safe_load(OURS.read_text(encoding="utf-8"))["models"]
    return models


def written(folder: Path, *entries: dict[str, Any], **choices: Any) -> Path:
    """A config.yaml in `folder` that offers `entries`, the first one as the default, on a CPU."""
    path = folder / "config.yaml"
    deployment = {"default_model": entries[0]["name"], "device": "cpu", "models": list(entries), **choices}
    path.write_text(yaml.safe_dump(deployment, sort_keys=False), encoding="utf-8")
    return path
