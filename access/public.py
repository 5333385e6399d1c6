"""Whether others than this machine's user can come: decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from guard.rules import SPACE

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def publicity(decided: bool | None, host: str, share: bool, environ: Mapping[str, str]) -> str | None:
    """Why Darkroom is in public mode; None: it is this machine's own. `decided` is what the configuration says."""
    if decided is not None:
        return "server.public is true" if decided else None
    if SPACE in environ:
        return "this is a Hugging Face Space"
    if share:
        return "a public link leads here"
    return None if host in LOOPBACK else f"it listens at {host}"
