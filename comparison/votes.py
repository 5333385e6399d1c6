"""Blind votes: which of two pictures of the same row somebody likes better, without knowing whose they are."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from enum import Enum
from itertools import combinations
from pathlib import Path
from typing import Any

from comparison.record import CellRecord, RunRecord, State
from errors import GalleryUnavailable, InvalidRequest
from gallery.database import Database

STEPS = (  # a change of the table is one more step at the end; no step is ever edited
    (
        """CREATE TABLE votes (
            number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order of voting
            run TEXT NOT NULL,
            row INTEGER NOT NULL,
            left_model TEXT NOT NULL,
            right_model TEXT NOT NULL,
            outcome TEXT NOT NULL,
            created REAL NOT NULL,
            owner TEXT NOT NULL
        )""",
        # Whoever chooses again from a pair has changed their mind: two votes of one person are not two persons'.
        """CREATE UNIQUE INDEX one_each ON votes (
            run, row, min(left_model, right_model), max(left_model, right_model), owner
        )""",
    ),
)
_COLUMNS = "run, row, left_model, right_model, outcome, created, owner"  # as in Vote
_EXPORTED = ("comparison", "row", "left", "right", "outcome", "created", "voter")


class Outcome(str, Enum):
    """What somebody said of a pair."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"


@dataclass(frozen=True)
class Pair:
    """Two pictures to choose from: numbers of cells, which tell nobody whose they are."""

    row: int
    left: int
    right: int


@dataclass(frozen=True)
class Vote:
    """One choice."""

    run: str
    row: int
    left: str  # models, by name
    right: str
    outcome: Outcome
    created: float  # seconds since 1970, UTC
    owner: str = ""  # as RunRecord.owner


class Votes:
    """All votes, in a file that several servers may share. Raises GalleryUnavailable where that can't be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, STEPS)
        self.close = self._database.close

    def add(self, record: RunRecord, pair: Pair, outcome: Outcome, owner: str = "") -> Vote:
        """Note what `owner` said of `pair`. Raises InvalidRequest if it is none of that run."""
        left, right = _cells(record, pair)
        vote = Vote(record.id, pair.row, left.model, right.model, outcome, time.time(), owner)
        values = (*astuple(vote)[:4], outcome.value, vote.created, owner)
        with self._writing() as database:
            database.execute(f"INSERT OR REPLACE INTO votes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return vote

    def undo(self, run: str, owner: str = "") -> Vote | None:
        """Take back the latest vote of `owner` in that run, and return it; None: there is none."""
        latest = f"SELECT number, {_COLUMNS} FROM votes WHERE run = ? AND owner = ? ORDER BY number DESC LIMIT 1"
        with self._writing() as database:
            found = database.execute(latest, [run, owner]).fetchone()
            if found is None:
                return None
            database.execute("DELETE FROM votes WHERE number = ?", found[:1])
        return _vote(found[1:])

    def listed(self, run: str | None = None, owner: str | None = None) -> list[Vote]:
        """All, those of a run, those of an owner, or both; the oldest first."""
        if not self._path.exists():
            return []
        where, values = _where(run, owner)
        with self._told():
            rows = self._database.rows(f"SELECT {_COLUMNS} FROM votes{where} ORDER BY number", values)
        return [_vote(row) for row in rows]

    def erase(self, run: str | None = None, owner: str | None = None) -> int:
        """Forget all, those of a run, those of an owner, or both. How many there were."""
        where, values = _where(run, owner)
        with self._writing() as database:
            return database.execute(f"DELETE FROM votes{where}", values).rowcount

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._database.transaction() as database:
                yield database

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise GalleryUnavailable(f"The votes in {self._path} cannot be used: {error}.") from error


def next_pair(record: RunRecord, votes: Iterable[Vote], rng: random.Random, owner: str = "") -> Pair | None:
    """Two finished pictures of one row that `owner` has not chosen from yet, those least voted on first.

    None: `owner` has seen every pair, or there is none. `votes` may be of other runs too. Sides are shuffled.
    """
    here = [vote for vote in votes if vote.run == record.id]
    seen = {_key(vote) for vote in here if vote.owner == owner}
    often, met = Counter(map(_key, here)), Counter(frozenset((vote.left, vote.right)) for vote in here)
    pairs = [(row, one, other) for row, one, other in _pairs(record) if (row, _names(one, other)) not in seen]
    if not pairs:
        return None
    rng.shuffle(pairs)  # `min` takes the first of equals
    row, *sides = min(pairs, key=lambda it: (met[_names(*it[1:])], often[it[0], _names(*it[1:])]))
    rng.shuffle(sides)
    return Pair(row, *(cell.number for cell in sides))


def _pairs(record: RunRecord) -> list[tuple[int, CellRecord, CellRecord]]:
    done = [cell for cell in record.cells if cell.state is State.DONE and cell.picture and not cell.picture.withheld]
    return [
        (one.row, one, other)
        for one, other in combinations(done, 2)
        if one.row == other.row and one.model != other.model
    ]


def _names(one: CellRecord, other: CellRecord) -> frozenset[str]:
    return frozenset((one.model, other.model))


def _key(vote: Vote) -> tuple[int, frozenset[str]]:
    return vote.row, frozenset((vote.left, vote.right))


def as_json(votes: Iterable[Vote]) -> str:
    """A list of objects, one a vote. Comparisons and voters are numbered: their keys are nobody else's business."""
    return json.dumps(_numbered(votes), indent=1)


def as_csv(votes: Iterable[Vote]) -> str:
    """The same as a header, and a line for each vote."""
    text = io.StringIO()
    table = csv.DictWriter(text, _EXPORTED)
    table.writeheader()
    table.writerows(_numbered(votes))
    return text.getvalue()


def _numbered(votes: Iterable[Vote]) -> list[dict[str, Any]]:
    runs: dict[str, int] = {}
    owners: dict[str, int] = {}
    rows = []
    for vote in votes:
        run, voter = runs.setdefault(vote.run, len(runs) + 1), owners.setdefault(vote.owner, len(owners) + 1)
        values = (run, vote.row, vote.left, vote.right, vote.outcome.value, vote.created, voter)
        rows.append(dict(zip(_EXPORTED, values, strict=True)))
    return rows


def _cells(record: RunRecord, pair: Pair) -> tuple[CellRecord, CellRecord]:
    for row, *both in _pairs(record):
        for left, right in (both, both[::-1]):
            if (row, left.number, right.number) == (pair.row, pair.left, pair.right):
                return left, right
    raise InvalidRequest("This comparison has no such pair (any more). Take the next one.", "pair")


def _where(run: str | None, owner: str | None) -> tuple[str, list[str]]:
    chosen = {"run": run, "owner": owner}
    conditions = [f"{column} = ?" for column, value in chosen.items() if value is not None]
    return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), [
        it for it in chosen.values() if it is not None
    ]


def _vote(row: tuple[str, int, str, str, str, float, str]) -> Vote:
    run, number, left, right, outcome, created, owner = row
    return Vote(run, number, left, right, Outcome(outcome), created, owner)
