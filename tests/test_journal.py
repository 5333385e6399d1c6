"""Notes of jobs under way: what a restart tells of those that it interrupted."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import Cancelled, Interrupted
from generation.caller import Caller
from generation.engine import Engine
from generation.events import INTERRUPTED
from generation.journal import REMEMBERED_SECONDS, Journal
from generation.settings import Queue
from models.registry import registry
from terminal.serving import noting
from tests.published import from_folder
from tests.tiny import Checkpoints

LONG = {"prompt": "a boat", "steps": 150, "width": 256, "height": 256}
QUICK = {"prompt": "a", "steps": 1, "width": 64, "height": 64}
ME = Caller("fedcba9876543210")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


@pytest.fixture
def engine(checkpoints: Checkpoints) -> Iterator[Engine]:
    one = _engine(checkpoints)
    yield one
    one.close()


def _engine(checkpoints: Checkpoints) -> Engine:
    spec = from_folder("sd", checkpoints["sd"])
    return Engine(registry([spec]), default_model=spec.name, device="cpu")


def noted(engine: Engine, folder: Path) -> Journal:
    journal = noting(engine, Queue(folder=str(folder)))
    assert journal is not None
    journal.start()
    return journal


def test_what_ends_by_itself_leaves_no_note(engine: Engine, folder: Path) -> None:
    journal = noted(engine, folder)
    engine.start()
    done = engine.submit(engine.request(QUICK))
    running, waiting = engine.submit(engine.request(LONG)), engine.submit(engine.request(LONG))
    assert done.result().pictures
    waiting.cancel()
    running.cancel()
    with pytest.raises(Cancelled):
        running.result()
    journal.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "killed"])
def test_a_restart_tells_of_what_it_interrupted(checkpoints: Checkpoints, folder: Path, closed: bool) -> None:
    before = _engine(checkpoints)
    journal = noted(before, folder)
    first, second = (before.submit(before.request(LONG), caller=ME) for _ in range(2))
    if closed:
        before.close()
    journal.close()
    after = _engine(checkpoints)
    noted(after, folder).close()
    for job in (first, second):
        found = after.job(job.id)
        assert (found.request, found.caller, found.latest) == (job.request, ME, INTERRUPTED)
        with pytest.raises(Interrupted, match="stopped before this was done"):
            found.result()
    assert after.jobs() == ()
    before.close()


def test_a_note_is_kept_for_a_day_and_one_that_is_none_is_left_alone(
    engine: Engine, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = noted(engine, folder)
    job = engine.submit(engine.request(LONG))
    journal.close()
    (path,) = folder.iterdir()
    note = json.loads(path.read_text())
    path.write_text(json.dumps(note | {"created": time.time() - REMEMBERED_SECONDS - 1}))
    (folder / "other.json").write_text('{"id": "other"')
    (folder / "wrong.json").write_text(json.dumps(note))  # under a name that is not its own
    assert Journal(folder).interrupted() == []
    assert [path.name for path in folder.iterdir()] == ["other.json"]
    assert "other.json is no note of a job" in caplog.text
    job.cancel()


@pytest.mark.skipif(os.name != "posix", reason="POSIX file modes")
def test_a_disk_that_takes_nothing_harms_no_job(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "jobs").write_text("a file where the folder should be")
    journal = noted(engine, tmp_path / "jobs")
    engine.start()
    assert engine.submit(engine.request(QUICK)).result().pictures
    journal.close()
    assert "not up to date" in caplog.text
