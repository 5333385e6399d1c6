"""Runs on the disk: a folder each, with run.json and its pictures. A file under its name is whole.

<root>/<id>/run.json            the record
<root>/<id>/recipe.json         what the run replays, if it does
<root>/<id>/0007.png            picture of cell 7
<root>/<id>/0007-0003.jpg       its film strip after step 3
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from atomic import PART
from comparison import recipe
from comparison.recipe import Recipe
from comparison.record import CellRecord, RunRecord, State
from gallery.folder import write
from gallery.gallery import PART_SECONDS

log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")
RECIPE = "recipe.json"
RECORD = "run.json"
_DELETED = ".deleted-"
_HEAD_BYTES = 400  # that hold what stands before the plan
_CUT_OFF = (State.WAITING, State.RUNNING)


class Head(BaseModel):
    """What a record begins with."""

    id: str
    created: float  # seconds since 1970, UTC
    owner: str


class Store:
    """The runs below `root`. All but `ids` and `read` may raise OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, id: str) -> Path:
        return self.root / id

    def ids(self) -> list[str]:
        """Of all runs, in no order."""
        with suppress(OSError):  # the folder is not there yet, or not any more
            return [path.name for path in self.root.iterdir() if _ID.fullmatch(path.name) and path.is_dir()]
        return []

    def heads(self) -> list[Head]:
        """Of all runs, newest first; a few bytes of each are read."""
        heads = (self._head(id) for id in self.ids())
        return sorted((head for head in heads if head), key=lambda head: head.created, reverse=True)

    def read(self, id: str) -> RunRecord | None:
        """The run as it can be gone on with: nothing of it is under way. None if there is none that can be read."""
        return self.read_any(id) if _ID.fullmatch(id) else None

    def read_any(self, id: str) -> RunRecord | None:
        """The same for a folder of any name."""
        try:
            record = RunRecord.model_validate_json((self.folder(id) / RECORD).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.error("%s cannot be read: %s", self.folder(id) / RECORD, error)
            return None
        self._tidy(id)
        return record.model_copy(update={"cells": tuple(self._found(id, cell) for cell in record.cells)})

    def recipe(self, id: str) -> Recipe:
        """What the run replays. Raises InvalidRequest where the file is damaged."""
        return recipe.read(self.get(id, RECIPE))

    def save(self, record: RunRecord) -> None:
        self.put(record.id, RECORD, record.model_dump_json(indent=1).encode())

    def get(self, id: str, name: str) -> bytes:
        return (self.folder(id) / name).read_bytes()

    def delete(self, id: str) -> None:
        """Out of the list at once, whatever happens while the files go."""
        with suppress(FileNotFoundError, NotADirectoryError):
            self.folder(id).rename(self.root / f"{_DELETED}{id}")
        for gone in self.root.glob(f"{_DELETED}*"):
            shutil.rmtree(gone)

    def put(self, id: str, name: str, content: bytes) -> None:
        """Write a file of the run."""
        self.folder(id).mkdir(parents=True, exist_ok=True)
        write(self.folder(id) / name, content)

    def _head(self, id: str) -> Head | None:
        """None where the record is none of ours."""
        try:
            with (self.folder(id) / RECORD).open("rb") as file:
                begin = file.read(_HEAD_BYTES).partition(b',\n "plan"')[0]
            return Head.model_validate_json(begin + b"}")
        except (OSError, ValidationError):
            return None

    def _tidy(self, id: str) -> None:
        """Remove what a writer left behind that was killed."""
        with suppress(OSError):
            for part in self.folder(id).glob(f".*{PART}"):
                if time.time() - part.stat().st_mtime >= PART_SECONDS:
                    part.unlink()

    def _found(self, id: str, cell: CellRecord) -> CellRecord:
        """`cell` as it is after a restart of whatever ran it."""
        if cell.state in _CUT_OFF:
            return cell.model_copy(update={"state": State.STOPPED})
        if cell.picture and not (self.folder(id) / cell.picture.file).is_file():
            gone = {"state": State.FAILED, "error": f"{cell.picture.file} is gone. Resume makes it again."}
            return cell.model_copy(update=gone | {"picture": None, "measured": None})
        return cell
