"""Where a model's files are: on the disk, or still on the hub. No torch, no diffusers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from errors import ModelUnavailable
from models import cache, files, hub, refusals
from models.families import wanted
from models.files import INDEX
from models.hub import Listing, Remote
from models.progress import Downloading, Report
from models.spec import ModelSpec

log = logging.getLogger(__name__)

REPORT_SECONDS = 0.1  # at most so often is progress told


class State(str, Enum):
    """How far a model is from being usable."""

    ON_DEVICE = "on the device"
    WARM = "warm"
    ON_DISK = "on disk"
    TO_DOWNLOAD = "to download"


def folder(spec: ModelSpec) -> Path | None:
    """The folder that holds the model's files or some of them; None if there is none. Asks nobody."""
    if spec.local:
        path = Path(spec.repo).expanduser()
        return path if path.is_dir() else None
    return hub.folder(spec)


def on_disk(spec: ModelSpec) -> bool:
    """Whether all that the model needs is on the disk. Asks nobody."""
    there = folder(spec)
    if there is None:
        return False
    try:
        files.choose(spec, names(spec, there))
    except ModelUnavailable:
        return False
    return True


def missing_bytes(spec: ModelSpec) -> int:
    """How much would be downloaded, as config.yaml tells it. Asks nobody."""
    return 0 if spec.local or on_disk(spec) else spec.download_bytes


def names(spec: ModelSpec, there: Path) -> frozenset[str]:
    """The files in `there` that the choice for `spec` depends on, as paths in its repo."""
    found = [there / INDEX, *(path for part, _ in wanted(spec).values() for path in (there / part).glob("*"))]
    return frozenset(path.relative_to(there).as_posix() for path in found if path.is_file())


def download(spec: ModelSpec, report: Report) -> Path:
    """The folder with the model's files, fetched from the hub where they are not on the disk yet.

    Raises ModelUnavailable, or what `report` raises; what came so far is kept.
    """
    there = folder(spec)
    if spec.local:
        if there is None:
            raise ModelUnavailable(f"{spec.name}: there is no folder {spec.repo}. Correct `repo` in config.yaml.")
        return there
    if there is None or not on_disk(spec):
        _download(spec, hub.listing(spec), report)
        there = folder(spec)
        assert there is not None
    return there


def _download(spec: ModelSpec, listing: Listing, report: Report) -> None:
    chosen = files.choose(spec, listing.files)
    paths = [INDEX, *(path for it in chosen for path in it.small), *(path for it in chosen for path in it.weights)]
    remotes = [listing.files[path] for path in paths]
    present = sum(hub.present_bytes(listing, it) for it in remotes)
    total = sum(it.size for it in remotes)
    free = cache.free_bytes(cache.root())
    if free < total - present:
        raise refusals.no_room(spec, cache.root(), total - present, free)
    log.info("%s: %s to download from %s", spec.name, refusals.size(total - present), spec.repo)
    tell = _Teller(spec.name, present, total, report)
    for remote in remotes:
        hub.fetch(spec, listing, remote, tell.about(remote))
        if remote.path == INDEX:
            files.index(spec, cache.snapshot(listing.repo, listing.commit))  # before gigabytes of another family
    hub.remember_main(spec, listing)
    tell.now()


class _Teller:
    """Adds up bytes, and tells of them a few times a second."""

    def __init__(self, model: str, done: int, total: int, report: Report) -> None:
        self._model, self._done, self._total, self._report = model, done, total, report
        self._file = INDEX
        self._told = 0.0
        self.now()

    def about(self, remote: Remote) -> Callable[[int], None]:
        def progress(new: int) -> None:
            self._file = remote.path
            self._done += new
            if time.monotonic() - self._told >= REPORT_SECONDS:
                self.now()

        return progress

    def now(self) -> None:
        self._told = time.monotonic()
        self._report(Downloading(self._model, self._file, self._done, self._total))
