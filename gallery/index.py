"""The index: one SQLite file that several servers may share. Whatever goes wrong in it raises sqlite3.Error."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from gallery.database import Database
from gallery.entry import Entry, Name
from gallery.marks import Marks
from gallery.schema import STEPS
from gallery.search import Cursor, Search

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


class Index:
    """Rows of pictures. Any thread may use it; they take turns."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, STEPS)
        self.close = self._database.close

    def prepare(self) -> bool:
        """Open it, in a form that we know. True: it knows no picture yet, and there may be some."""
        with self._database.transaction() as database:
            return database.execute("SELECT 1 FROM pictures LIMIT 1").fetchone() is None

    @property
    def lost(self) -> bool:
        """The file that was opened is not there any more, or is another one."""
        return self._database.lost

    def add(self, entries: Iterable[Entry], anew: bool = False) -> None:
        """Note `entries`; what is known already stays as it is, unless it is to be noted `anew`."""
        marks = ", ".join("?" for _ in _COLUMNS)
        statement = f"INSERT INTO pictures ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING"
        with self._database.transaction() as database:
            for entry in entries:
                if anew:
                    database.execute("DELETE FROM pictures WHERE id = ?", [entry.name.id])
                added = database.execute(statement, _row(entry))
                if added.rowcount and entry.tags:
                    _tag(database, entry.name.id, entry.tags)

    def remove(self, ids: Iterable[str]) -> None:
        with self._database.transaction() as database:
            database.executemany("DELETE FROM pictures WHERE id = ?", [(id,) for id in ids])

    def renew(self) -> None:
        """Make the full-text index anew. An index that is damaged is put aside for an empty one."""
        try:
            with self._database.transaction() as database:
                database.execute("INSERT INTO words (words) VALUES ('rebuild')")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._database.put_aside(error)

    def deleted(self, ids: Iterable[str], value: bool) -> None:
        """Note that pictures are deleted, or are not."""
        with self._database.transaction() as database:
            database.executemany("UPDATE pictures SET deleted = ? WHERE id = ?", [(value, id) for id in ids])

    def change(
        self, ids: Iterable[str], changed: Callable[[Marks], Marks], told: Callable[[Mapping[str, Marks]], None]
    ) -> None:
        """Change what was said of pictures. `told` is the first to know; where it fails, nothing is changed."""
        with self._database.transaction() as database:
            now = {id: marks for id in ids if (marks := _marks(database, id)) is not None}
            new = {id: after for id, before in now.items() if (after := changed(before)) != before}
            told(new)
            for id, marks in new.items():
                _mark(database, id, marks)

    def marked(self) -> dict[str, Marks]:
        """What was said of pictures, where something was."""
        statement = f"SELECT id, starred, {_TAGS} FROM pictures WHERE starred OR number IN (SELECT picture FROM tags)"
        return {id: Marks(bool(starred), _tags(tags)) for id, starred, tags in self._database.rows(statement, [])}

    def page(self, search: Search, after: Cursor | None, count: int, last: Cursor | None = None) -> list[Entry]:
        """The `count` newest that `search` wants, of those that come behind `after`, up to `last`."""
        where, values = search.where(after, last)
        # The unary plus keeps SQLite from walking along all pictures by date where few have the words.
        order = "+created DESC, id DESC" if search.words.strip() else "created DESC, id DESC"
        numbers = f"SELECT number FROM pictures WHERE {where} ORDER BY {order} LIMIT ?"  # sorted without their texts
        statement = f"SELECT {_SELECTED} FROM pictures WHERE number IN ({numbers}) ORDER BY created DESC, id DESC"
        return [_entry(row) for row in self._database.rows(statement, [*values, count])]

    def find(self, id: str) -> tuple[Entry, bool] | None:
        """A picture, and whether it is deleted."""
        found = self._database.rows(f"SELECT {_SELECTED}, deleted FROM pictures WHERE id = ?", [id])
        return (_entry(found[0][:-1]), bool(found[0][-1])) if found else None

    def ids(self, search: Search) -> list[str]:
        """Of all that `search` wants, newest first."""
        where, values = search.where()
        statement = f"SELECT id FROM pictures WHERE {where} ORDER BY created DESC, id DESC"
        return [row[0] for row in self._database.rows(statement, values)]

    def count(self, search: Search) -> int:
        where, values = search.where()
        return int(self._database.rows(f"SELECT count(*) FROM pictures WHERE {where}", values)[0][0])

    def distinct(self, kind: str, owner: str | None) -> list[str]:
        """The models, samplers, sizes or tags of pictures, in order."""
        whose, values = ("", []) if owner is None else ("AND owner = ?", [owner])
        return [" × ".join(map(str, row)) for row in self._database.rows(_CHOICES[kind].format(whose=whose), values)]

    def known(self) -> dict[str, tuple[Name, bool]]:
        """Every picture's name, and whether it is deleted, by id."""
        rows = self._database.rows("SELECT id, created, owner, deleted FROM pictures", [])
        return {row[0]: (Name(*row[:3]), bool(row[3])) for row in rows}


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
