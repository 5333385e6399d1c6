"""What pictures are made with, as far as it may change them."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

THEN = ", then "
PACKAGES = ("torch", "diffusers", "transformers")


def made_with() -> dict[str, str]:
    """Names and versions. Imports nothing."""
    return {name: _version(name) for name in PACKAGES} | {
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def also(before: Mapping[str, str]) -> dict[str, str]:
    """What was made with other versions `before` is gone on with now: both are named."""
    now = made_with()
    return {
        name: was if was.split(THEN)[-1] == now.get(name, was) else f"{was}{THEN}{now[name]}"
        for name, was in before.items()
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
