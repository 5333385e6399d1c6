"""Files from the hub into the hub client's own cache: with progress, resumed where it was cut, checked byte for byte.

The client itself (2.4) throws a partial file away when a download is left, and can be left only every ten megabytes.
So listing, addresses, tokens, connections and the layout of the cache are the client's, and the copying is ours.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import cache, refusals
from models.spec import TO_BE_PINNED, Source

MAIN = "main"  # the branch that stands in for a revision nobody has looked up
HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
STALL_SECONDS = 2.0  # without a byte end the first attempt: in a stall, a cancel is heard between attempts only
ATTEMPTS = (
    6  # in a row without a new byte; each waits twice as long, up to the client's own limit: a mirror may be slow
)
PAUSE_SECONDS = 1.0  # between them
LISTING_SECONDS = (STALL_SECONDS, STALL_SECONDS, 10.0)  # for the hub to answer, attempt by attempt

Progress = Callable[[int], None]  # told the bytes that are new; may raise to stop


@dataclass(frozen=True)
class Remote:
    """A file of a repo as the hub lists it."""

    path: str
    size: int  # bytes
    sha256: str | None  # of large files; None: git's own hash is all there is
    oid: str  # git's sha1

    @property
    def etag(self) -> str:
        """What the cache calls its content."""
        return self.sha256 or self.oid

    def digest(self) -> Any:
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)  # git's


@dataclass(frozen=True)
class Listing:
    """A repo at one commit."""

    source: Source
    commit: str
    files: dict[str, Remote]


def listing(source: Source, progress: Progress) -> Listing:
    """What the hub has for `source`. Raises ModelUnavailable, or what `progress` raises."""
    try:
        with refusals.explained(source):
            info = _info(source, progress)
        files = {
            it.rfilename: Remote(it.rfilename, it.size or 0, it.lfs.sha256 if it.lfs else None, it.blob_id or "")
            for it in info.siblings or []
        }
    except (ValueError, KeyError, TypeError) as error:  # a proxy's or a hotel's page
        raise refusals.no_hub(source) from error
    if not all(HASH.fullmatch(name) for name in (str(info.sha), *(it.etag for it in files.values()))):
        raise refusals.no_hub(source)  # they become names of files
    return Listing(source, str(info.sha), files)


def _info(source: Source, progress: Progress) -> Any:
    import httpx2
    from huggingface_hub import HfApi

    def info(seconds: float) -> Any:
        return HfApi().model_info(source.repo, revision=_revision(source), files_metadata=True, timeout=seconds)

    *short, long = LISTING_SECONDS
    for seconds in short:
        with suppress(httpx2.TimeoutException):
            return info(seconds)
        progress(0)
    return info(long)


def folder(source: Source) -> Path | None:
    """Where the cache keeps the source's revision; None if it has never heard of it. Asks nobody."""
    commit = _revision(source)
    if commit == MAIN:
        commit = cache.commit_of(source.repo, MAIN) or ""
    there = cache.snapshot(source.repo, commit)
    return there if commit and there.is_dir() else None


def _revision(source: Source) -> str:
    return MAIN if source.revision in (None, TO_BE_PINNED) else str(source.revision)


def present_bytes(listing: Listing, remote: Remote) -> int:
    """How much of the file is on this disk already, be it from a download that was left or in another repo."""
    there = cache.snapshot(listing.source.repo, listing.commit) / remote.path
    if there.exists() or cache.twin(remote.etag, remote.size):
        return remote.size
    partial = cache.partial(listing.source.repo, remote.etag)
    return min(cache.file_bytes(partial) or 0, remote.size)


def fetch(listing: Listing, remote: Remote, progress: Progress) -> None:
    """Have the file in the cache. Raises ModelUnavailable, or what `progress` raises; what came so far is kept."""
    blob = cache.blob(listing.source.repo, remote.etag)
    pointer = cache.snapshot(listing.source.repo, listing.commit) / remote.path
    if pointer.exists():
        return
    try:
        blob.parent.mkdir(parents=True, exist_ok=True)
        if not blob.exists():
            with _alone(listing, remote, progress):
                _obtain(listing, remote, progress)
        cache.link(blob, pointer)
    except OSError as error:
        missing = remote.size - present_bytes(listing, remote)
        raise refusals.unwritable(listing.source, cache.root(), missing, error) from error


def remember_main(listing: Listing) -> None:
    """Where a revision is not pinned: which commit the branch was at."""
    if _revision(listing.source) == MAIN:
        cache.remember(listing.source.repo, MAIN, listing.commit)


def _obtain(listing: Listing, remote: Remote, progress: Progress) -> None:
    blob, partial = cache.blob(listing.source.repo, remote.etag), cache.partial(listing.source.repo, remote.etag)
    if twin := cache.twin(remote.etag, remote.size):
        with suppress(FileNotFoundError):  # gone by now
            if twin != blob:  # else another process fetched it meanwhile
                cache.adopt(twin, blob)
            return
    _copy(listing, remote, partial, progress)
    os.replace(partial, blob)


def _copy(listing: Listing, remote: Remote, partial: Path, progress: Progress) -> None:
    digest = remote.digest()
    with partial.open("a+b") as file, refusals.explained(listing.source):
        if file.tell() > remote.size:
            file.truncate(0)
        left = file.tell()
        file.seek(0)
        while left and (block := file.read(min(left, 1 << 20))):
            left -= len(block)
            digest.update(block)
            progress(0)
        for block in _bytes(listing, remote, file.tell, progress):
            file.write(block)
            file.flush()  # the next attempt, or the next run, goes on from here
            digest.update(block)
            progress(len(block))
        size = file.tell()
    if size != remote.size or digest.hexdigest() != remote.etag:
        partial.unlink()
        raise refusals.damaged(listing.source, remote.path, size, remote.size)


def _bytes(listing: Listing, remote: Remote, done: Callable[[], int], progress: Progress) -> Iterator[bytes]:
    """The rest of the file after what is `done`, over as many connections as it takes."""
    import httpx2

    failures = 0
    while (start := done()) < remote.size:
        try:
            yield from _stream(listing, remote, start, STALL_SECONDS * 2**failures)
            return
        except httpx2.TransportError:
            failures = 1 if done() > start else failures + 1
            if failures >= ATTEMPTS:
                raise
            _wait(PAUSE_SECONDS, progress)


def _stream(listing: Listing, remote: Remote, start: int, patience: float) -> Iterator[bytes]:
    from huggingface_hub import constants, get_session, hf_hub_url, hf_raise_for_status
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    url = hf_hub_url(listing.source.repo, remote.path, revision=listing.commit, endpoint=constants.ENDPOINT)
    headers = {**build_hf_headers(), "Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    timeout = min(patience, constants.HF_HUB_DOWNLOAD_TIMEOUT)
    with get_session().stream("GET", url, headers=headers, timeout=timeout) as response:
        hf_raise_for_status(response)
        skip = start if response.status_code == 200 else 0  # it sends all of the file again
        for block in response.iter_raw():
            yield block[skip:]
            skip = max(0, skip - len(block))


def _wait(seconds: float, progress: Progress) -> None:
    until = time.monotonic() + seconds
    progress(0)
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(0.1, left))
        progress(0)


@contextmanager
def _alone(listing: Listing, remote: Remote, progress: Progress) -> Iterator[None]:
    """While no other process, nor another program that uses this cache, fetches the same file."""
    import filelock

    path = cache.lock(listing.source.repo, remote.etag)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    while True:
        try:
            lock.acquire(timeout=0.1)
            break
        except filelock.Timeout:
            progress(0)
    try:
        yield
    finally:
        lock.release()
