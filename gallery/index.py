"""The index: one SQLite file that several servers may share. Whatever goes wrong in it raises sqlite3.Error."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from gallery.entry import Entry, Name
from gallery.marks import Marks
from gallery.schema import STEPS
from gallery.search import Cursor, Search

log = logging.getLogger(__name__)

BUSY_SECONDS = 10.0  # for which another server may be writing
_NAMED = ("id", "created", "owner")
_DESCRIBED = tuple(field.name for field in fields(Entry) if field.name not in ("name", "starred", "tags"))
_COLUMNS = (*_NAMED, *_DESCRIBED, "starred")
_TAGS = "(SELECT group_concat(tag, char(10)) FROM tags WHERE picture = number)"
_SELECTED = ", ".join((*_COLUMNS, _TAGS))
_CHOICES = {  # what there is to choose from, the gallery's whole or one owner's
    "model": "SELECT DISTINCT model FROM pictures WHERE NOT deleted AND model > '' {whose}",
    "sampler": "SELECT DISTINCT sampler FROM pictures WHERE NOT deleted AND sampler > '' {whose}",
    "size": "SELECT DISTINCT width, height FROM pictures WHERE NOT deleted {whose} ORDER BY width, height",
    "tag": "SELECT DISTINCT tag FROM tags JOIN pictures ON number = picture WHERE NOT deleted {whose} ORDER BY tag",
}


class TooNew(sqlite3.DatabaseError):
    """The index was made by a later version of Darkroom."""


class Index:
    """Rows of pictures. Any thread may use it; they take turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # device and inode of what is open

    def prepare(self) -> bool:
        """Open it, in a form that we know. True: it knows no picture yet, and there may be some."""
        with self._transaction() as database:
            return database.execute("SELECT 1 FROM pictures LIMIT 1").fetchone() is None

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = None

    @property
    def lost(self) -> bool:
        """The file that was opened is not there any more, or is another one."""
        with self._lock:
            return self._open is not None and self._file != _identity(self.path)

    def add(self, entries: Iterable[Entry], anew: bool = False) -> None:
        """Note `entries`; what is known already stays as it is, unless it is to be noted `anew`."""
        marks = ", ".join("?" for _ in _COLUMNS)
        statement = f"INSERT INTO pictures ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING"
        with self._transaction() as database:
            for entry in entries:
                if anew:
                    database.execute("DELETE FROM pictures WHERE id = ?", [entry.name.id])
                added = database.execute(statement, _row(entry))
                if added.rowcount and entry.tags:
                    _tag(database, entry.name.id, entry.tags)

    def remove(self, ids: Iterable[str]) -> None:
        with self._transaction() as database:
            database.executemany("DELETE FROM pictures WHERE id = ?", [(id,) for id in ids])

    def renew(self) -> None:
        """Make the full-text index anew. An index that is damaged is put aside for an empty one."""
        try:
            with self._transaction() as database:
                database.execute("INSERT INTO words (words) VALUES ('rebuild')")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            put_aside(self.path, error)

    def deleted(self, ids: Iterable[str], value: bool) -> None:
        """Note that pictures are deleted, or are not."""
        with self._transaction() as database:
            database.executemany("UPDATE pictures SET deleted = ? WHERE id = ?", [(value, id) for id in ids])

    def change(
        self, ids: Iterable[str], changed: Callable[[Marks], Marks], told: Callable[[Mapping[str, Marks]], None]
    ) -> None:
        """Change what was said of pictures. `told` is the first to know; where it fails, nothing is changed."""
        with self._transaction() as database:
            now = {id: marks for id in ids if (marks := _marks(database, id)) is not None}
            new = {id: after for id, before in now.items() if (after := changed(before)) != before}
            told(new)
            for id, marks in new.items():
                _mark(database, id, marks)

    def marked(self) -> dict[str, Marks]:
        """What was said of pictures, where something was."""
        statement = f"SELECT id, starred, {_TAGS} FROM pictures WHERE starred OR number IN (SELECT picture FROM tags)"
        return {id: Marks(bool(starred), _tags(tags)) for id, starred, tags in self._rows(statement, [])}

    def page(self, search: Search, after: Cursor | None, count: int, last: Cursor | None = None) -> list[Entry]:
        """The `count` newest that `search` wants, of those that come behind `after`, up to `last`."""
        where, values = search.where(after, last)
        # The unary plus keeps SQLite from walking along all pictures by date where few have the words.
        order = "+created DESC, id DESC" if search.words.strip() else "created DESC, id DESC"
        numbers = f"SELECT number FROM pictures WHERE {where} ORDER BY {order} LIMIT ?"  # sorted without their texts
        statement = f"SELECT {_SELECTED} FROM pictures WHERE number IN ({numbers}) ORDER BY created DESC, id DESC"
        return [_entry(row) for row in self._rows(statement, [*values, count])]

    def find(self, id: str) -> tuple[Entry, bool] | None:
        """A picture, and whether it is deleted."""
        found = self._rows(f"SELECT {_SELECTED}, deleted FROM pictures WHERE id = ?", [id])
        return (_entry(found[0][:-1]), bool(found[0][-1])) if found else None

    def count(self, search: Search) -> int:
        where, values = search.where()
        return int(self._rows(f"SELECT count(*) FROM pictures WHERE {where}", values)[0][0])

    def distinct(self, kind: str, owner: str | None) -> list[str]:
        """The models, samplers, sizes or tags of pictures, in order."""
        whose, values = ("", []) if owner is None else ("AND owner = ?", [owner])
        return [" × ".join(map(str, row)) for row in self._rows(_CHOICES[kind].format(whose=whose), values)]

    def known(self) -> dict[str, tuple[Name, bool]]:
        """Every picture's name, and whether it is deleted, by id."""
        rows = self._rows("SELECT id, created, owner, deleted FROM pictures", [])
        return {row[0]: (Name(*row[:3]), bool(row[3])) for row in rows}

    def _rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self._lock, self._kept() as database:
            return database.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._kept() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:  # some errors end it by themselves
                    database.execute("ROLLBACK")
                raise

    @contextmanager
    def _kept(self) -> Iterator[sqlite3.Connection]:
        """The open connection. After an error the next one is a fresh one."""
        if self.lost:
            self.close()
        try:
            if self._open is None:
                self._open = _opened(self.path)
                self._file = _identity(self.path)
            yield self._open
        except sqlite3.Error:
            self.close()
            raise


def _entry(row: Sequence[Any]) -> Entry:
    described = dict(zip(_DESCRIBED, row[len(_NAMED) : -2], strict=True))
    return Entry(Name(*row[: len(_NAMED)]), **described, starred=bool(row[-2]), tags=_tags(row[-1]))


def _row(entry: Entry) -> Sequence[Any]:
    named = (getattr(entry.name, column) for column in _NAMED)
    return (*named, *(getattr(entry, column) for column in _DESCRIBED), entry.starred)


def _tags(listed: str | None) -> tuple[str, ...]:
    return tuple(sorted(listed.split("\n"))) if listed else ()


def _marks(database: sqlite3.Connection, id: str) -> Marks | None:
    """None for a picture that is not known."""
    row = database.execute(f"SELECT starred, {_TAGS} FROM pictures WHERE id = ?", [id]).fetchone()
    return Marks(bool(row[0]), _tags(row[1])) if row else None


def _mark(database: sqlite3.Connection, id: str, marks: Marks) -> None:
    database.execute("UPDATE pictures SET starred = ? WHERE id = ?", [marks.starred, id])
    database.execute("DELETE FROM tags WHERE picture = (SELECT number FROM pictures WHERE id = ?)", [id])
    _tag(database, id, marks.tags)


def _tag(database: sqlite3.Connection, id: str, tags: Iterable[str]) -> None:
    statement = "INSERT INTO tags (picture, tag) SELECT number, ? FROM pictures WHERE id = ?"
    database.executemany(statement, [(tag, id) for tag in tags])


def put_aside(path: Path, error: sqlite3.Error) -> None:
    """Give a damaged index another name, with what SQLite keeps beside it. The pictures are all that it takes."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    log.warning("The gallery's index is damaged (%s). It is made anew; the old one is %s", error, aside.name)
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))


def _opened(path: Path) -> sqlite3.Connection:
    """A connection to an index in our form. One that is damaged is put aside for an empty one."""
    try:
        return _connected(path)
    except sqlite3.OperationalError:  # locked, unwritable, disk full: nothing is wrong with what it holds
        raise
    except TooNew:
        raise
    except sqlite3.DatabaseError as error:
        put_aside(path, error)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # what a loss of power takes, the next start finds on the disk
        _migrated(database)
    except BaseException:
        database.close()
        raise
    return database


def _migrated(database: sqlite3.Connection) -> None:
    if _version(database) == len(STEPS):
        return
    database.execute("BEGIN IMMEDIATE")
    at = _version(database)  # another server may have been quicker
    if at > len(STEPS):
        raise TooNew(f"it has version {at}, and this Darkroom knows {len(STEPS)}")
    for step in STEPS[at:]:
        for statement in step:
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {len(STEPS)}")
    database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
