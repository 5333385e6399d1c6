"""One SQLite file that several servers may share. Whatever goes wrong in it raises sqlite3.Error."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

BUSY_SECONDS = 10.0  # for which another server may be writing
Steps = Sequence[Sequence[str]]  # statements that lead from each version of the tables to the next


class TooNew(sqlite3.DatabaseError):
    """The file was made by a later version of Darkroom."""


class Database:
    """A file, opened when it is first used and brought to the newest of `steps`. Any thread may use it in turn.

    A damaged one gets another name, and an empty one takes its place.
    """

    def __init__(self, path: Path, steps: Steps) -> None:
        self.path = path
        self._steps = steps
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # device and inode of what is open

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

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, self._kept() as database:
            return database.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._kept() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:  # some errors end it by themselves
                    database.execute("ROLLBACK")
                raise

    def put_aside(self, error: sqlite3.Error) -> None:
        """Give the damaged file another name, with what SQLite keeps beside it."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        log.warning("%s is damaged (%s). A new one is begun; the old one is %s", self.path, error, aside.name)
        for ending in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))

    @contextmanager
    def _kept(self) -> Iterator[sqlite3.Connection]:
        """The open connection. After an error the next one is a fresh one."""
        if self.lost:
            self.close()
        try:
            if self._open is None:
                self._open = self._opened()
                self._file = _identity(self.path)
            yield self._open
        except sqlite3.Error:
            self.close()
            raise

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.OperationalError:  # locked, unwritable, disk full: nothing is wrong with what it holds
            raise
        except TooNew:
            raise
        except sqlite3.DatabaseError as error:
            self.put_aside(error)
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")  # a loss of power takes the last moments at most
            self._migrate(database)
        except BaseException:
            database.close()
            raise
        return database

    def _migrate(self, database: sqlite3.Connection) -> None:
        newest = len(self._steps)
        if _version(database) == newest:
            return
        database.execute("BEGIN IMMEDIATE")
        at = _version(database)  # another server may have been quicker
        if at > newest:
            raise TooNew(f"it has version {at}, and this Darkroom knows {newest}")
        for step in self._steps[at:]:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {newest}")
        database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
