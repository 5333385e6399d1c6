"""Blind votes: which of two pictures of the same row somebody likes better, without knowing whose they are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

from comparison.record import CellRecord, RunRecord, State


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


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One choice."""

    run: str
    row: int
    left: str  # models, by name
    right: str
    outcome: Outcome
    created: float  # seconds since 1970, UTC
    owner: str = ""  # as RunRecord.owner


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
    done = [cell for cell in record.cells if cell.state is State.DONE and cell.picture is not None]
    return [
        (one.row, one, other)
        for one, other in combinations(done, 2)
        if one.row == other.row and one.model != other.model
    ]


def _names(one: CellRecord, other: CellRecord) -> frozenset[str]:
    return frozenset((one.model, other.model))


def _key(vote: Vote) -> tuple[int, frozenset[str]]:
    return vote.row, frozenset((vote.left, vote.right))
