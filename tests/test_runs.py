"""Comparisons through a real engine: cells one after another, stopped, resumed, failing, and after a restart."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import config
from comparison import pixels
from comparison.plan import Plan
from comparison.record import RunRecord, State
from comparison.runs import Runs
from generation.engine import Engine
from models.registry import registry
from tests.serving import two_models
from tests.tiny import Checkpoints

LONG = 900  # steps of a cell that is not meant to end by itself
SECONDS = 60.0
Until = Callable[[RunRecord], object]


@pytest.fixture
def engine(checkpoints: Checkpoints, tmp_path: Path) -> Iterator[Engine]:
    """Of `tiny`, and `plain` that takes no guidance and at most 8 steps."""
    deployment = config.load(two_models(tmp_path, checkpoints["sd"]))
    made = Engine(registry(deployment.models), default_model="tiny", device="cpu")
    made.start()
    yield made
    made.close()


@pytest.fixture
def runs(engine: Engine, tmp_path: Path) -> Iterator[Runs]:
    made = Runs(engine, tmp_path / "comparisons")
    yield made
    made.close()


def plan(**changes: Any) -> Plan:
    asked = {"prompts": ("a cat", "a dog"), "models": ("tiny", "plain"), "seeds": (1,), "steps": (2,)}
    return Plan(**asked | {"width": 64, "height": 64} | changes)


def at(runs: Runs, id: str, wanted: Until) -> RunRecord:
    """The run as soon as `wanted` is true of it."""
    end, seen = time.monotonic() + SECONDS, 0
    while not wanted(record := runs.record(id)):
        assert time.monotonic() < end, states(record)
        seen = runs.changed(id, seen, 1.0)
    return record


def states(record: RunRecord) -> list[State]:
    return [cell.state for cell in record.cells]


def over(record: RunRecord) -> bool:
    return not {State.WAITING, State.RUNNING} & set(states(record))


def test_every_cell_becomes_a_picture_with_what_it_took(runs: Runs) -> None:
    id = runs.start(plan(), owner="a" * 16)
    record = at(runs, id, over)
    assert states(record) == [State.DONE] * 4
    for cell in record.cells:
        assert cell.picture is not None
        content = runs.file(id, cell.picture.file)
        assert hashlib.sha256(content).hexdigest() == cell.picture.sha256
        assert pixels.sha256(pixels.opened(content)) == cell.picture.pixels_sha256
        assert cell.picture.frame_steps[-1] == 2
        assert all(runs.file(id, frame).startswith(b"\xff\xd8") for frame in cell.picture.frames)
    taken = [cell.measured for cell in record.cells if cell.measured]
    assert [it.load > 0 for it in taken] == [True, False, True, False]
    assert [(it.steps, it.passes) for it in taken] == [(2, 2), (2, 2), (2, 1), (2, 1)]
    assert runs.listed("a" * 16) == runs.listed() == [record]
    assert runs.listed("b" * 16) == []
    assert runs.running(id) is None
    assert runs.trouble(id) is None
