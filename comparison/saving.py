"""The files of one run on their way to the disk. What it does not take is held in memory, and offered again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from comparison.record import RunRecord
from comparison.store import Store
from errors import GalleryUnavailable, UnknownPicture

log = logging.getLogger(__name__)

MOST_BYTES = 512_000_000  # of files that wait for the disk; then the oldest are given up


class Saving:
    """Of the run `id`. Any thread may ask it anything."""

    def __init__(self, store: Store, id: str) -> None:
        self.trouble: str | None = None  # why the disk does not take what there is; None: it does
        self._store, self._id = store, id
        self._lock = threading.Lock()  # guards what follows, and the disk
        self._waiting: dict[str, bytes] = {}
        self._deleted = False

    def add(self, files: Mapping[str, bytes]) -> None:
        """Let `files` be written next time, by name."""
        with self._lock:
            self._waiting |= files
            while sum(map(len, self._waiting.values())) > MOST_BYTES:
                del self._waiting[next(iter(self._waiting))]

    def save(self, record: Callable[[], RunRecord]) -> bool:
        """Write all that waits and then the newest `record`; whether that changed the trouble."""
        with self._lock:
            before = self.trouble
            if not self._deleted:
                self.trouble = self._saved(record())
        if self.trouble not in (before, None):
            log.error("Comparison %s is not saved: %s", self._id, self.trouble)
        return self.trouble != before

    def file(self, name: str) -> bytes:
        """Raises UnknownPicture."""
        with self._lock:
            if name in self._waiting:
                return self._waiting[name]
        try:
            return self._store.get(self._id, name)
        except OSError as error:
            raise UnknownPicture(f"{name} cannot be read ({error.strerror}).") from error

    def delete(self) -> None:
        """Remove the run from the disk, and write nothing more. Raises GalleryUnavailable."""
        with self._lock:
            try:
                self._store.delete(self._id)
            except OSError as error:
                raise GalleryUnavailable(f"The comparison cannot be deleted ({error.strerror}).") from error
            self._deleted = True

    def _saved(self, record: RunRecord) -> str | None:
        try:
            for name in list(self._waiting):
                self._store.put(self._id, name, self._waiting[name])
                del self._waiting[name]
            self._store.save(record)
        except OSError as error:
            return error.strerror or str(error)
        return None
