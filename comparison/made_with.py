"""What pictures are made with, as far as it may change them."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "diffusers", "transformers")


def made_with() -> dict[str, str]:
    """Names and versions. Imports nothing."""
    return {name: _version(name) for name in PACKAGES} | {
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
