"""Where files are, a model's above all: on the disk, or still on the hub. No torch, no diffusers."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from errors import ModelUnavailable
from models import cache, files, hub, refusals
from models.amounts import bytes_text
from models.families import wanted
from models.files import INDEX, Files
from models.hub import Listing, Progress
from models.progress import Downloading, Report
from models.spec import ModelSpec, Source

log = logging.getLogger(__name__)

REPORT_SECONDS = 0.1  # at most so often is progress told


class State(str, Enum):
    """How far a model is from being usable."""

    ON_DEVICE = "on the device"
    WARM = "warm"
    ON_DISK = "on disk"
    TO_DOWNLOAD = "to download"


def folder(source: Source) -> Path | None:
    """The folder that holds the files or some of them; None if there is none. Asks nobody."""
    if source.local:
        path = Path(source.repo).expanduser()
        return path if path.is_dir() else None
    return hub.folder(source)


def on_disk(spec: ModelSpec) -> bool:
    """Whether all that the model needs is on the disk. Asks nobody."""
    return not incomplete(spec)


def incomplete(spec: ModelSpec) -> list[Source]:
    """Those of the model's sources of which something is missing on the disk. Asks nobody."""
    return [source for source in spec.sources if not _complete(spec, source)]


def missing_bytes(spec: ModelSpec) -> int:
    """How much would be downloaded, as config.yaml tells it. Asks nobody."""
    return 0 if all(source.local for source in incomplete(spec)) else spec.download_bytes


def chosen(spec: ModelSpec) -> list[tuple[Files, Path]]:
    """The model's files on the disk, component by component, each with the folder that they lie in.

    Raises ModelUnavailable where some are missing.
    """
    return [(it, there) for source in spec.sources for it, there in _chosen(spec, source)]


def _chosen(spec: ModelSpec, source: Source) -> list[tuple[Files, Path]]:
    there = _present(source)
    found = [there / INDEX, *(path for it in wanted(spec) for path in (there / it.folder).glob("*"))]
    names = {path.relative_to(there).as_posix() for path in found if path.is_file()}
    return [(it, there) for it in files.choose(spec, source, names)]


def _complete(spec: ModelSpec, source: Source) -> bool:
    try:
        _chosen(spec, source)
    except ModelUnavailable:
        return False
    return True


def download(spec: ModelSpec, report: Report) -> Path:
    """The folder with the model's own files, fetched from the hub where they or others are not on the disk yet.

    Raises ModelUnavailable, or what `report` raises; what came so far is kept.
    """
    if wanting := [source for source in incomplete(spec) if not source.local]:
        tell = _Teller(spec.name, report)
        listings = [hub.listing(source, tell.about("")) for source in wanting]
        paths = [_needed(spec, listing) for listing in listings]
        for listing, its in zip(listings, paths, strict=True):
            tell.begins(listing, its)
        for listing, its in zip(listings, paths, strict=True):
            if listing.source == spec.source:
                _fetch(listing, [INDEX], tell)
                files.index(spec, cache.snapshot(spec.repo, listing.commit))  # before gigabytes of another family
            _fetch(listing, its, tell)
            hub.remember_main(listing)
    return _present(spec.source)


def _needed(spec: ModelSpec, listing: Listing) -> list[str]:
    """The files of `listing` that the model needs, small ones first."""
    its = files.choose(spec, listing.source, listing.files)
    index = [INDEX] if listing.source == spec.source else []
    return [*index, *(path for it in its for path in it.small), *(path for it in its for path in it.weights)]


def has(source: Source, paths: Sequence[str]) -> bool:
    """Whether the files at `paths` are on the disk. Asks nobody."""
    there = folder(source)
    return there is not None and all((there / path).is_file() for path in paths)


def obtain(source: Source, paths: Sequence[str], report: Report) -> Path:
    """The folder with the files at `paths`, as `download` has a model's."""
    if not source.local and not has(source, paths):
        tell = _Teller(source.name, report)
        listing = hub.listing(source, tell.about(""))
        if lacking := [path for path in paths if path not in listing.files]:
            raise refusals.lacking(source, lacking)
        tell.begins(listing, paths)
        _fetch(listing, paths, tell)
        hub.remember_main(listing)
    return _present(source)


def _present(source: Source) -> Path:
    there = folder(source)
    if there is None:
        raise ModelUnavailable(f"{source.name}: there is no folder {source.repo}. Correct `repo` in config.yaml.")
    return there


def _fetch(listing: Listing, paths: Sequence[str], tell: _Teller) -> None:
    for path in paths:
        hub.fetch(listing, listing.files[path], tell.about(path))
    tell.now()


class _Teller:
    """Adds up bytes, and tells of them a few times a second."""

    def __init__(self, name: str, report: Report) -> None:
        self._name, self._report = name, report
        self._file, self._done, self._total = "", 0, 0
        self.now()

    def begins(self, listing: Listing, paths: Sequence[str]) -> None:
        """It is known what is to come of one repo more. Raises ModelUnavailable if the disk has no room for it."""
        remotes = [listing.files[path] for path in paths]
        here = sum(hub.present_bytes(listing, it) for it in remotes)
        whole = sum(it.size for it in remotes)
        self._done, self._total = self._done + here, self._total + whole
        missing, free = self._total - self._done, cache.free_bytes(cache.root())
        if free < missing:
            raise refusals.no_room(listing.source, cache.root(), missing, free)
        log.info("%s: %s to download from %s", self._name, bytes_text(whole - here), listing.source.repo)
        self.now()

    def about(self, path: str) -> Progress:
        """What to tell of new bytes of that file."""

        def progress(new: int) -> None:
            self._file = path
            self._done += new
            if time.monotonic() - self._told >= REPORT_SECONDS:
                self.now()

        return progress

    def now(self) -> None:
        self._told = time.monotonic()
        self._report(Downloading(self._name, self._file, self._done, self._total))
