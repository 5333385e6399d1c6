"""Pictures as the browser gets them: preview frames inside the page, finished files by their address."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

from generation.events import Frame

F = TypeVar("F")

STRIP = 40  # frames of a film strip on the page, at most; a longer run is thinned evenly


def data_url(frame: Frame) -> str:
    """The frame's JPEG as an address that needs no request."""
    return f"data:image/jpeg;base64,{b64encode(frame.jpeg).decode()}"


def url(path: str) -> str:
    """Where a file of gradio's cache is served, relative to the page: right behind any proxy."""
    return f"gradio_api/file={quote(path)}"


def thinned(frames: Sequence[F], most: int = STRIP) -> Sequence[F]:
    """At most so many of `frames`, evenly, the first and the last among them."""
    if len(frames) <= most:
        return frames
    return [frames[round(i * (len(frames) - 1) / (most - 1))] for i in range(most)]
