"""`python app.py gallery …`: what can be done with the gallery without a page."""

from __future__ import annotations

from pathlib import Path

from errors import ConfigError
from gallery.gallery import Gallery, Swept


def folder(configured: str | None) -> Path:
    """Raises ConfigError where nothing is saved."""
    if configured is None:
        raise ConfigError("There is no gallery: gallery.folder is null in the configuration. Name a folder there.")
    return Path(configured)


def reindex(root: Path) -> None:
    """Make the index anew, and say what was found."""
    gallery = Gallery(root)
    try:
        print(shown(root, gallery.reindex()))
    finally:
        gallery.close()


def shown(root: Path, swept: Swept) -> str:
    damaged = f"; {swept.damaged} files are damaged and were left out" if swept.damaged else ""
    gone = f"; {swept.removed} are gone" if swept.removed else ""
    return f"{root}: {swept.pictures} pictures are listed{gone}{damaged}."
