"""Comparisons through a real engine: cells one after another, stopped, resumed, failing, and after a restart."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

import config
from comparison import pixels
from comparison.made_with import also, made_with
from comparison.plan import Plan
from comparison.record import RunRecord, State
from comparison.runs import KNOWN, LISTED, Runs
from comparison.store import Store
from errors import InvalidRequest, QueueFull, UnknownPicture, UnknownRun
from generation import denoise
from generation.caller import Caller
from generation.engine import Engine
from generation.settings import Queue
from models.registry import registry
from tests.serving import two_models
from tests.tiny import Checkpoints

LONG = 900  # steps of a cell that is not meant to end by itself
SECONDS = 60.0
Until = Callable[[RunRecord], object]


@contextmanager
def running(path: Path, **choices: Any) -> Iterator[Engine]:
    """An engine at work, of the models in the config.yaml at `path`."""
    engine = Engine(registry(config.load(path).models), default_model="tiny", device="cpu", **choices)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def engine(checkpoints: Checkpoints, tmp_path: Path) -> Iterator[Engine]:
    """Of `tiny`, and `plain` that takes no guidance and at most 8 steps."""
    with running(two_models(tmp_path, checkpoints["sd"])) as made:
        yield made


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
    id = runs.start(plan(), Caller("a" * 16))
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


def test_one_cell_is_stopped_and_the_rest_goes_on(runs: Runs) -> None:
    id = runs.start(plan(steps=(LONG, 2)))
    at(runs, id, lambda record: runs.running(id) is not None)
    runs.stop(id, number=0)
    record = at(runs, id, lambda record: record.cells[1].state is State.RUNNING)
    assert runs.record(id).cells[0].state is State.STOPPED
    runs.stop(id, number=2)
    record = at(runs, id, over)
    assert [state.value[0] for state in states(record)] == [*"sdsdfdfd"]  # stopped, done, failed

    assert record.cells[4].error == "Steps is 900. Accepted are 1 to 8; 3 is the default."
    assert record.cells[4].request is None


def test_one_model_is_stopped_and_the_others_go_on(runs: Runs) -> None:
    id = runs.start(plan(models=("plain", "tiny"), steps=(8,)))
    runs.stop(id, model="plain")
    record = at(runs, id, over)
    assert [cell.state for cell in record.cells if cell.model == "tiny"] == [State.DONE] * 2
    assert [cell.state for cell in record.cells if cell.model == "plain"] == [State.STOPPED] * 2


def test_all_is_stopped_and_resumed(runs: Runs) -> None:
    id = runs.start(plan(steps=(8,), prompts=("a cat", "a dog", "a fox")))
    runs.stop(id)
    stopped = at(runs, id, over)
    assert State.STOPPED in states(stopped)
    runs.resume(id, number=5)
    assert at(runs, id, over).cells[5].state is State.DONE
    runs.resume(id)
    record = at(runs, id, over)
    assert states(record) == [State.DONE] * 6
    assert [cell.request for cell in record.cells] == [cell.request for cell in stopped.cells]


def test_a_failing_cell_keeps_its_error_and_the_rest_goes_on(runs: Runs) -> None:
    id = runs.start(plan(prompts=("a cat", f"(a cat:{10**40})", "a dog"), models=("tiny",)))
    record = at(runs, id, over)
    assert states(record) == [State.DONE, State.FAILED, State.DONE]
    assert "there is no picture" in (record.cells[1].error or "")


def test_a_cell_that_runs_is_stopped_and_resumed_before_it_notices(runs: Runs) -> None:
    id = runs.start(plan(prompts=("a cat",), models=("tiny",), steps=(400,)))
    at(runs, id, lambda record: runs.running(id) is not None)
    first = runs.running(id)
    runs.stop(id)
    runs.resume(id)
    record = at(runs, id, lambda record: runs.running(id) not in (None, first))
    assert states(record) == [State.RUNNING]
    runs.stop(id)
    at(runs, id, over)


def test_what_a_killed_server_left_is_stopped_and_goes_on_elsewhere(runs: Runs, engine: Engine, tmp_path: Path) -> None:
    id = runs.start(plan(prompts=("a cat",), models=("plain", "tiny"), steps=(4,)))
    at(runs, id, lambda record: record.cells[1].state is State.RUNNING)
    runs.stop(id, number=1)
    shutil.copytree(tmp_path / "comparisons", tmp_path / "killed")  # as the disk is at this moment
    path = tmp_path / "killed" / id / "run.json"
    path.write_text(path.read_text().replace('"stopped"', '"running"'))
    again = Runs(engine, tmp_path / "killed")
    (found,) = again.listed()
    assert states(found) == [State.DONE, State.STOPPED]
    again.resume(id)
    record = at(again, id, over)
    assert states(record) == [State.DONE] * 2
    assert record.cells[0] == found.cells[0]
    again.close()


def test_a_closing_server_leaves_runs_that_can_be_resumed(engine: Engine, tmp_path: Path) -> None:
    runs = Runs(engine, tmp_path / "comparisons")
    id = runs.start(plan(models=("tiny",), steps=(LONG,)))
    at(runs, id, lambda record: runs.running(id) is not None)
    runs.close()
    assert engine.jobs() == ()
    assert states(Runs(engine, tmp_path / "comparisons").record(id)) == [State.STOPPED] * 2
    with pytest.raises(QueueFull):
        runs.start(plan())


def test_a_run_has_one_job_at_a_time_and_waits_out_a_full_queue(checkpoints: Checkpoints, tmp_path: Path) -> None:
    deployment = config.load(two_models(tmp_path, checkpoints["sd"]))
    engine = Engine(registry(deployment.models), default_model="tiny", device="cpu", queue=Queue(size=1))
    runs = Runs(engine, tmp_path / "comparisons")
    others = engine.submit(engine.request({"prompt": "a fox", "steps": 2, "width": 64, "height": 64}))
    id = runs.start(plan(models=("tiny",)))
    assert runs.changed(id, seen=runs.changed(id, 0, 0), seconds=0.5)
    assert engine.jobs() == (others,)
    assert states(runs.record(id)) == [State.RUNNING, State.WAITING]
    engine.start()
    assert states(at(runs, id, lambda record: over(record) or len(engine.jobs()) > 2)) == [State.DONE] * 2
    runs.close()
    engine.close()


def test_somebody_elses_job_waits_for_one_picture_and_no_more(runs: Runs, engine: Engine) -> None:
    id = runs.start(plan(models=("tiny",), steps=(100,)))
    at(runs, id, lambda record: runs.running(id) is not None)
    others = engine.submit(engine.request({"prompt": "a fox", "steps": 2, "width": 64, "height": 64}))
    others.result()
    assert states(runs.record(id))[1] is not State.DONE
    assert states(at(runs, id, over)) == [State.DONE] * 2


def test_pictures_that_the_disk_does_not_take_are_shown_and_saved_later(runs: Runs, tmp_path: Path) -> None:
    folder = tmp_path / "comparisons"
    folder.write_text("in the way")
    id = runs.start(plan(models=("tiny",)))
    record = at(runs, id, over)
    assert states(record) == [State.DONE] * 2
    assert runs.trouble(id) == "Not a directory"
    first = record.cells[0].picture
    assert first is not None
    assert runs.file(id, first.file).startswith(b"\x89PNG")
    folder.unlink()
    at(runs, id, lambda record: runs.trouble(id) is None)
    assert (folder / id / first.file).read_bytes() == runs.file(id, first.file)
    assert Runs(runs._engine, folder).record(id) == runs.record(id)


def test_a_picture_that_is_gone_can_be_made_again(runs: Runs, engine: Engine, tmp_path: Path) -> None:
    id = runs.start(plan(prompts=("a cat",)))
    before = at(runs, id, over).cells[1].picture
    assert before is not None
    (tmp_path / "comparisons" / id / before.file).unlink()
    with pytest.raises(UnknownPicture, match="No such file"):
        runs.file(id, before.file)
    runs.close()  # and all of it is on the disk
    again = Runs(engine, tmp_path / "comparisons")
    assert states(again.record(id)) == [State.DONE, State.FAILED]
    again.resume(id)
    assert at(again, id, over).cells[1].picture == before
    again.close()


@pytest.mark.parametrize("name", ["run.json", "../config.yaml", "0007.png", "", "/etc/passwd"])
def test_nothing_but_what_the_record_names_is_handed_out(runs: Runs, name: str) -> None:
    id = runs.start(plan(prompts=("a cat",), models=("plain",)))
    at(runs, id, over)
    with pytest.raises(UnknownPicture, match="no such picture"):
        runs.file(id, name)


@pytest.mark.parametrize("id", ["", "..", "0" * 32, "../comparisons", "A" * 32])
def test_an_unknown_run_is_refused(runs: Runs, id: str) -> None:
    with pytest.raises(UnknownRun, match="no such comparison"):
        runs.record(id)


def test_a_deleted_run_is_gone_even_while_it_is_under_way(runs: Runs, tmp_path: Path) -> None:
    id = runs.start(plan(models=("tiny",), steps=(LONG,)))
    at(runs, id, lambda record: runs.running(id) is not None)
    runs.delete(id)
    assert not any(path.is_dir() for path in (tmp_path / "comparisons").iterdir())
    assert runs.listed() == []
    with pytest.raises(UnknownRun):
        runs.changed(id, 0, 1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": tuple(range(101))}, "comes to 404 pictures. At most 200"),
        ({"models": ("tiny", "gone")}, "no model 'gone'. Choose from: tiny, plain"),
        ({"models": ("tiny", "tiny")}, "tiny is named twice"),
        ({"seeds": (-1,)}, "All models get the same seed"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_whole(runs: Runs, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        runs.start(plan(**changes))
    with pytest.raises(InvalidRequest, match=message):
        runs.forecast(plan(**changes))


def test_models_with_latents_of_one_shape_begin_with_the_same_noise(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise: list[torch.Tensor] = []
    drawn = denoise.Run._noise

    def noted(run: denoise.Run, generator: torch.Generator) -> torch.Tensor:
        noise.append(drawn(run, generator))
        return noise[-1].clone()

    monkeypatch.setattr(denoise.Run, "_noise", noted)
    at(runs, runs.start(plan(prompts=("a cat",), seeds=(1, 2))), over)
    tiny, tiny_2, plain, plain_2 = noise
    assert torch.equal(tiny, plain)
    assert torch.equal(tiny_2, plain_2)
    assert not torch.equal(tiny, tiny_2)


def test_a_visitor_has_two_comparisons_under_way_at_most(runs: Runs) -> None:
    long = plan(models=("tiny",), steps=(LONG,))
    first, _ = runs.start(long, Caller("a" * 16)), runs.start(long, Caller("a" * 16))
    with pytest.raises(QueueFull, match="2 comparisons are under way, 2 of them yours"):
        runs.start(long, Caller("a" * 16))
    others = runs.start(long, Caller("b" * 16))
    runs.stop(first)
    at(runs, first, over)
    runs.stop(others)
    assert runs.start(long, Caller("a" * 16))
    with pytest.raises(QueueFull):
        runs.resume(first, Caller("a" * 16))


def test_what_is_gone_on_with_names_both_versions() -> None:
    now = made_with()
    assert also(now) == now
    before = {**now, "torch": "1.0"}
    assert also(before) == {**now, "torch": f"1.0, then {now['torch']}"}
    assert also(also(before)) == also(before)


def test_of_very_many_runs_the_newest_are_listed_and_few_are_held(runs: Runs, tmp_path: Path) -> None:
    id = runs.start(plan(prompts=("a cat",), models=("plain",)), Caller("a" * 16))
    record = at(runs, id, over)
    runs.close()
    for number in range(KNOWN + 20):
        owner, copy = "ab"[number % 2] * 16, f"{number:032x}"
        older = record.model_copy(update={"id": copy, "created": record.created - 10 + number / 1000, "owner": owner})
        Store(tmp_path / "comparisons").save(older)
    (tmp_path / "comparisons" / ("f" * 32)).mkdir()
    (tmp_path / "comparisons" / ("f" * 32) / "run.json").write_text("{}")
    many = Runs(runs._engine, tmp_path / "comparisons")
    newest = many.listed()
    assert [found.id for found in newest[:2]] == [id, f"{KNOWN + 19:032x}"]
    assert len(newest) == LISTED
    assert {found.owner for found in many.listed("b" * 16)} == {"b" * 16}
    assert [found.id for found in many.listed("b" * 16, most=1)] == [f"{KNOWN + 19:032x}"]
    assert [many.record(found.id) for found in newest] == newest
    for number in range(KNOWN + 20):
        assert many.record(f"{number:032x}").created < record.created
    assert len(many._known) == KNOWN
    many.close()


def test_what_a_killed_server_left_half_written_is_removed(runs: Runs, engine: Engine, tmp_path: Path) -> None:
    root = tmp_path / "comparisons"
    id = runs.start(plan(prompts=("a cat",), models=("plain",)))
    at(runs, id, over)
    runs.close()
    old, new = root / id / ".0000.png.1.2.part", root / id / ".run.json.1.2.part"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    (root / f".deleted-{id[::-1]}").mkdir()
    again = Runs(engine, root)
    assert states(again.record(id)) == [State.DONE]
    assert (old.exists(), new.exists()) == (False, True)
    again.delete(id)
    assert [path.name for path in root.iterdir() if path.is_dir()] == []
    again.close()
