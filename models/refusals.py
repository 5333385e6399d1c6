"""What went wrong with the hub or the disk, in words for the user."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import ModelUnavailable
from models.amounts import bytes_text
from models.spec import Source


@contextmanager
def explained(source: Source) -> Iterator[None]:
    """Turn what the hub's client raises into ModelUnavailable."""
    import httpx2
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise ModelUnavailable(
            f"{source.name} is not (all) on this disk, and HF_HUB_OFFLINE forbids to fetch it. "
            "Unset HF_HUB_OFFLINE, or choose a model that is on the disk."
        ) from error
    except HfHubHTTPError as error:
        raise _refused(source, error) from error
    except EntryNotFoundError as error:
        raise ModelUnavailable(_gone(source)) from error
    except httpx2.TransportError as error:
        raise ModelUnavailable(
            f"{source.name}: the connection to {_endpoint()} failed ({type(error).__name__}). What came so far is "
            "kept: check the network and try again, and it goes on from there. Models on this disk work without one."
        ) from error


def _refused(source: Source, error: Any) -> ModelUnavailable:
    from huggingface_hub import get_token
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    status = error.response.status_code
    page = f"{_endpoint()}/{source.repo}"
    if isinstance(error, GatedRepoError):
        token = "with the account of your HF_TOKEN" if get_token() else "then set HF_TOKEN to a token of that account"
        then = "and try again" if get_token() else "and restart"
        return ModelUnavailable(f"{source.name} is gated. Accept its licence at {page} {token}, {then}.")
    if isinstance(error, RevisionNotFoundError):
        return ModelUnavailable(
            f"{source.name}: {source.repo} has no revision {source.revision}. Copy a commit hash from "
            f"{page}/commits/main into `revision` in config.yaml."
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelUnavailable(
            f"{source.name}: there is no {source.repo} on {_endpoint()}, or it is private. "
            "Correct `repo` in config.yaml, or set HF_TOKEN to a token that may read it."
        )
    if isinstance(error, DisabledRepoError):
        return ModelUnavailable(f"{source.name}: the hub has disabled {page}. Choose another model.")
    if status == 429:
        after = error.response.headers.get("Retry-After")
        wait = f"in {after} seconds" if after else "in a few minutes"
        hint = "" if get_token() else " Set HF_TOKEN for a higher limit."
        return ModelUnavailable(
            f"{source.name}: {_endpoint()} limits how often it may be asked. Try again {wait}.{hint}"
        )
    if status == 404:
        return ModelUnavailable(_gone(source))
    if status in (401, 403):
        return ModelUnavailable(
            f"{source.name}: {_endpoint()} refuses access to {source.repo} (status {status}). "
            "Set HF_TOKEN to a valid token that may read it, or unset it if it has expired."
        )
    return ModelUnavailable(
        f"{source.name}: {_endpoint()} answered with status {status}. What came so far is kept; try again later."
    )


def _gone(source: Source) -> str:
    return f"{source.name}: {source.repo} no longer has a file that it lists. Try again, or use another revision."


def lacking(source: Source, paths: Sequence[str]) -> ModelUnavailable:
    """After listing."""
    return ModelUnavailable(f"{source.name}: {source.repo} has no {', '.join(paths)}. Name another in config.yaml.")


def unwritable(source: Source, folder: Path, missing: int, error: OSError) -> ModelUnavailable:
    """While copying."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelUnavailable(
            f"{source.name}: the disk is full, with {bytes_text(missing)} of a file to come. Free some space "
            f"in {folder} or set HF_HOME to a larger disk, and try again: what came so far is kept."
        )
    return ModelUnavailable(
        f"{source.name} cannot be written to {folder} ({error.strerror}). "
        "Set HF_HOME to a folder that may be written to."
    )


def no_hub(source: Source) -> ModelUnavailable:
    """Its listing makes no sense."""
    return ModelUnavailable(
        f"{source.name}: what {_endpoint()} lists for {source.repo} is not what a hub lists. Check HF_ENDPOINT."
    )


def damaged(source: Source, path: str, came: int, expected: int) -> ModelUnavailable:
    """After copying."""
    what = f"with {came} of its {expected} bytes" if came != expected else "with other bytes than were published"
    return ModelUnavailable(
        f"{source.name}: {path} arrived damaged, {what}, and was thrown away. Try again; if it stays so, something "
        "between here and the hub changes the files."
    )


def no_room(source: Source, folder: Path, needed: int, free: int) -> ModelUnavailable:
    """Before the start."""
    return ModelUnavailable(
        f"{source.name} needs {bytes_text(needed)} more on the disk of {folder}, where {bytes_text(free)} are free. "
        "Free some space or set HF_HOME to a larger disk."
    )


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)
