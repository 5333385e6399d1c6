"""Blind pairs, and votes that are kept, taken back, exported and erased."""

import csv
import io
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from comparison.record import RunRecord, State
from comparison.votes import Outcome, Pair, Vote, Votes, as_csv, as_json, next_pair
from errors import GalleryUnavailable, InvalidRequest
from tests.test_summary import cell, run

THREE = ("one", "two", "three")


def record(models: tuple[str, ...] = THREE, rows: int = 2) -> RunRecord:
    return run(*(cell(number, number % rows, models[number // rows]) for number in range(len(models) * rows)))


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[Votes]:
    kept = Votes(tmp_path / "runs" / "votes.sqlite")
    yield kept
    kept.close()


def models(of: RunRecord, pair: Pair) -> tuple[str, str]:
    return of.cells[pair.left].model, of.cells[pair.right].model


def test_a_visitor_sees_every_pair_once_and_models_in_turn(votes: Votes) -> None:
    compared, rng = record(), random.Random(1)
    met: Counter[frozenset[str]] = Counter()
    seen = []
    while (pair := next_pair(compared, votes.listed(), rng, "me")) is not None:
        assert compared.cells[pair.left].row == compared.cells[pair.right].row == pair.row
        votes.add(compared, pair, Outcome.LEFT, "me")
        seen.append((pair.row, frozenset(models(compared, pair))))
        met[frozenset(models(compared, pair))] += 1
        assert max(met.values()) - min(met[frozenset(two)] for two in (THREE[:2], THREE[1:], THREE[::2])) <= 1
    assert len(seen) == len(set(seen)) == 6
    assert next_pair(compared, votes.listed(), rng, "you") is not None


def test_the_side_tells_nothing() -> None:
    compared = record(rows=1)
    lefts = {models(compared, pair)[0] for seed in range(30) if (pair := next_pair(compared, [], random.Random(seed)))}
    assert lefts == set(THREE)


def test_only_finished_pictures_of_different_models_are_a_pair() -> None:
    done, waiting = cell(0, 0, "one"), cell(1, 0, "two").model_copy(update={"state": State.RUNNING})
    assert next_pair(run(done, waiting), [], random.Random(0)) is None
    assert next_pair(run(done, cell(1, 0, "one")), [], random.Random(0)) is None
    assert next_pair(run(done, cell(1, 1, "two")), [], random.Random(0)) is None
    assert next_pair(run(done, cell(1, 0, "two")), [], random.Random(0)) in (Pair(0, 0, 1), Pair(0, 1, 0))


def test_a_vote_names_the_models_as_they_were_shown(votes: Votes) -> None:
    compared = record()
    vote = votes.add(compared, Pair(1, 3, 1), Outcome.TIE, "me")
    assert (vote.run, vote.row, vote.left, vote.right, vote.owner) == (compared.id, 1, "two", "one", "me")
    assert votes.listed() == [vote]


@pytest.mark.parametrize("pair", [Pair(0, 0, 1), Pair(1, 0, 2), Pair(0, 0, 0), Pair(0, 0, 99), Pair(0, -1, 2)])
def test_a_pair_that_nobody_was_shown_is_refused(votes: Votes, pair: Pair) -> None:
    with pytest.raises(InvalidRequest, match="Take the next one"):
        votes.add(record(), pair, Outcome.LEFT)


def test_who_chooses_again_from_a_pair_has_one_vote(votes: Votes) -> None:
    votes.add(record(), Pair(0, 0, 2), Outcome.LEFT, "me")
    votes.add(record(), Pair(0, 2, 0), Outcome.LEFT, "me")
    votes.add(record(), Pair(0, 2, 0), Outcome.TIE, "you")
    assert [(vote.left, vote.outcome, vote.owner) for vote in votes.listed()] == [
        ("two", Outcome.LEFT, "me"),
        ("two", Outcome.TIE, "you"),
    ]


def test_the_last_vote_can_be_taken_back_by_whoever_gave_it(votes: Votes) -> None:
    first = votes.add(record(), Pair(0, 0, 2), Outcome.LEFT, "me")
    second = votes.add(record(), Pair(1, 1, 3), Outcome.RIGHT, "me")
    yours = votes.add(record(), Pair(0, 0, 2), Outcome.RIGHT, "you")
    assert votes.undo("another run", "me") is None
    assert votes.undo(second.run, "me") == second
    assert votes.listed() == [first, yours]
    assert votes.undo(first.run, "me") == first
    assert votes.undo(first.run, "me") is None
    assert votes.listed() == [yours]


def test_votes_are_erased_by_run_by_visitor_or_all(votes: Votes) -> None:
    other = record().model_copy(update={"id": "2"})
    for compared in (record(), other):
        for owner in ("me", "you"):
            votes.add(compared, Pair(0, 0, 2), Outcome.LEFT, owner)
    assert len(votes.listed(run="2")) == len(votes.listed(owner="me")) == 2
    assert votes.erase(run="2", owner="you") == 1
    assert votes.erase(owner="me") == 2
    assert [(vote.run, vote.owner) for vote in votes.listed()] == [("1", "you")]
    assert votes.erase() == 1
    assert votes.listed() == []


def test_exports_hold_every_vote_and_nobodys_key() -> None:
    cast = [
        Vote("a" * 32, 3, "one", "two", Outcome.LEFT, 12.5, "f" * 16),
        Vote("b" * 32, 0, "two", "three", Outcome.TIE, 13.5, ""),
        Vote("a" * 32, 1, "two", "one", Outcome.RIGHT, 14.5, "f" * 16),
    ]
    exported = json.loads(as_json(cast))
    assert exported[0] == {
        "comparison": 1, "row": 3, "left": "one", "right": "two", "outcome": "left", "created": 12.5, "voter": 1,
    }  # fmt: skip
    assert [(it["comparison"], it["voter"]) for it in exported] == [(1, 1), (2, 2), (1, 1)]
    table = list(csv.DictReader(io.StringIO(as_csv(cast))))
    assert table == [{key: str(value) for key, value in one.items()} for one in exported]
    assert "aaaa" not in as_json(cast) + as_csv(cast)


def test_two_servers_and_many_threads_share_the_votes(votes: Votes, tmp_path: Path) -> None:
    other = Votes(tmp_path / "runs" / "votes.sqlite")
    compared = record(rows=8)

    def vote(kept: Votes, owner: str) -> None:
        for row in range(8):
            kept.add(compared, Pair(row, row, row + 8), Outcome.LEFT, owner)

    threads = [
        Thread(target=vote, args=(kept, f"{number}{id(kept)}")) for number in range(3) for kept in (votes, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert votes.listed() == other.listed()
    assert len(votes.listed()) == 48
    other.close()


def test_another_process_sees_the_votes_at_once(votes: Votes, tmp_path: Path) -> None:
    votes.add(record(), Pair(0, 0, 2), Outcome.TIE)
    code = "import sys, pathlib, comparison.votes as v; print(v.Votes(pathlib.Path(sys.argv[1])).listed())"
    path = tmp_path / "runs" / "votes.sqlite"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert "left='one', right='two'" in done.stdout


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file in its place")
    blocked = Votes(tmp_path / "runs" / "votes.sqlite")
    assert blocked.listed() == []
    with pytest.raises(GalleryUnavailable, match="cannot be used"):
        blocked.add(record(), Pair(0, 0, 2), Outcome.LEFT)
