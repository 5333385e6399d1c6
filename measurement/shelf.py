"""Where benchmarks are kept: one JSON file each, named by when it began."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

import atomic
from errors import DarkroomError
from measurement.record import Record

log = logging.getLogger(__name__)

KNOWN = 256  # records that are held in memory
_ID = re.compile(r"[0-9a-f]{16}")


class Shelf:
    """A folder of records. Any thread may use it; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, Record | None] = {}  # files never change once they are there; None: it is no record

    def keep(self, record: Record) -> Path:
        """Write it; the file is there whole or not at all. Raises DarkroomError where it can't be written."""
        path = self.folder / f"{record.started[:19].replace(':', '-')}-{record.id}.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic.write(path, (record.model_dump_json(indent=1) + "\n").encode())
        except OSError as error:
            raise DarkroomError(
                f"The benchmark was not kept: {path} cannot be written ({error.strerror or error}). "
                "Free some disk, or name another folder at measurement.folder in config.yaml."
            ) from error
        return path

    def records(self) -> list[Record]:
        """All of them, newest first. Files that are none are left out, and named in the log."""
        paths = sorted(self.folder.glob("*.json"), reverse=True)
        known = self._known
        self._known = {path: known[path] if path in known else _record(path) for path in paths}
        return [record for record in self._known.values() if record is not None]

    def find(self, id: str) -> Record | None:
        """The record of that id, which may be any text."""
        if not _ID.fullmatch(id):
            return None
        return next((_record(path) for path in self.folder.glob(f"*-{id}.json")), None)


def _record(path: Path) -> Record | None:
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error)
        return None


@lru_cache(KNOWN)
def _parsed(path: Path, changed: int) -> Record | None:
    """Of the file as it was last `changed`. Whoever watches a benchmark asks for all of them again and again."""
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValidationError) as error:
        log.warning("%s is no benchmark of ours and was left out: %s", path, str(error).splitlines()[0])
        return None
