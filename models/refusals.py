"""What went wrong with the hub or the disk, in words for the user."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import ModelUnavailable
from models.spec import ModelSpec


@contextmanager
def explained(spec: ModelSpec) -> Iterator[None]:
    """Turn what the hub's client raises into ModelUnavailable."""
    import httpx2
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise ModelUnavailable(
            f"{spec.name} is not (all) on this disk, and HF_HUB_OFFLINE forbids to fetch it. "
            "Unset HF_HUB_OFFLINE, or choose a model that is on the disk."
        ) from error
    except HfHubHTTPError as error:
        raise _refused(spec, error) from error
    except EntryNotFoundError as error:
        raise ModelUnavailable(_gone(spec)) from error
    except httpx2.TransportError as error:
        raise ModelUnavailable(
            f"{spec.name}: the connection to {_endpoint()} failed ({type(error).__name__}). What came so far is kept: "
            "check the network and try again, and it goes on from there. Models on this disk work without a network."
        ) from error


def _refused(spec: ModelSpec, error: Any) -> ModelUnavailable:
    from huggingface_hub import get_token
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    status = error.response.status_code
    page = f"{_endpoint()}/{spec.repo}"
    if isinstance(error, GatedRepoError):
        token = "with the account of your HF_TOKEN" if get_token() else "then set HF_TOKEN to a token of that account"
        then = "and try again" if get_token() else "and restart"
        return ModelUnavailable(f"{spec.name} is gated. Accept its licence at {page} {token}, {then}.")
    if isinstance(error, RevisionNotFoundError):
        return ModelUnavailable(
            f"{spec.name}: {spec.repo} has no revision {spec.revision}. Copy a commit hash from {page}/commits/main "
            "into `revision` in config.yaml."
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelUnavailable(
            f"{spec.name}: there is no {spec.repo} on {_endpoint()}, or it is private. "
            "Correct `repo` in config.yaml, or set HF_TOKEN to a token that may read it."
        )
    if isinstance(error, DisabledRepoError):
        return ModelUnavailable(f"{spec.name}: the hub has disabled {page}. Choose another model.")
    if status == 429:
        after = error.response.headers.get("Retry-After")
        wait = f"in {after} seconds" if after else "in a few minutes"
        hint = "" if get_token() else " Set HF_TOKEN for a higher limit."
        return ModelUnavailable(f"{spec.name}: {_endpoint()} limits how often it may be asked. Try again {wait}.{hint}")
    if status == 404:
        return ModelUnavailable(_gone(spec))
    if status in (401, 403):
        return ModelUnavailable(
            f"{spec.name}: {_endpoint()} refuses access to {spec.repo} (status {status}). "
            "Set HF_TOKEN to a valid token that may read it, or unset it if it has expired."
        )
    return ModelUnavailable(
        f"{spec.name}: {_endpoint()} answered with status {status}. What came so far is kept; try again later."
    )


def _gone(spec: ModelSpec) -> str:
    return f"{spec.name}: {spec.repo} no longer has a file that it lists. Try again, or use another revision."


def unwritable(spec: ModelSpec, folder: Path, missing: int, error: OSError) -> ModelUnavailable:
    """While copying."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelUnavailable(
            f"{spec.name}: the disk is full, with {size(missing)} of a file to come. Free some space in {folder} or "
            "set HF_HOME to a larger disk, and try again: what came so far is kept."
        )
    return ModelUnavailable(
        f"{spec.name} cannot be written to {folder} ({error.strerror}). Set HF_HOME to a folder that may be written to."
    )


def no_hub(spec: ModelSpec) -> ModelUnavailable:
    """Its listing makes no sense."""
    return ModelUnavailable(
        f"{spec.name}: what {_endpoint()} lists for {spec.repo} is not what a hub lists. Check HF_ENDPOINT."
    )


def damaged(spec: ModelSpec, path: str, came: int, expected: int) -> ModelUnavailable:
    """After copying."""
    what = f"with {came} of its {expected} bytes" if came != expected else "with other bytes than were published"
    return ModelUnavailable(
        f"{spec.name}: {path} arrived damaged, {what}, and was thrown away. Try again; if it stays so, something "
        "between here and the hub changes the files."
    )


def no_room(spec: ModelSpec, folder: Path, needed: int, free: int) -> ModelUnavailable:
    """Before the start."""
    return ModelUnavailable(
        f"{spec.name} needs {size(needed)} more on the disk of {folder}, where {size(free)} are free. "
        "Free some space or set HF_HOME to a larger disk."
    )


def size(count: int) -> str:
    """Bytes as people say them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)
