"""What is told of a comparison before it starts: as much as is known, and no more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from comparison.plan import Plan
from comparison.record import RunRecord
from comparison.runs import Runs
from generation.engine import Engine
from generation.request import GenerationRequest
from models.registry import registry
from safety.settings import Checker, Safeguard
from tests.serving import two_models
from tests.test_runs import at, over, plan, running
from tests.tiny import Checkpoints


@pytest.fixture
def path(checkpoints: Checkpoints, tmp_path: Path) -> Path:
    return two_models(tmp_path, checkpoints["sd"])


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    with running(path) as made:
        yield made


def test_nothing_is_known_of_models_that_never_ran(engine: Engine, tmp_path: Path) -> None:
    told = Runs(engine, tmp_path / "comparisons").forecast(plan(steps=(2, 20)))
    assert (told.pictures, told.loads, told.download_bytes) == (6, 2, 0)
    assert told.refused == tuple((number, "Steps is 20. Accepted are 1 to 8; 3 is the default.") for number in (5, 7))
    assert (told.seconds, told.known_seconds, told.unknown) == (None, 0.0, ("tiny", "plain"))


def test_what_examines_the_pictures_is_downloaded_too(path: Path, tmp_path: Path) -> None:
    spec = config.load(path).models[0]
    models = registry([spec, spec.model_copy(update={"name": "free", "harmless": True})])
    checker = Checker(repo="someone/sd", revision="1" * 40, download_bytes=608)
    engine = Engine(models, default_model="tiny", safeguard=Safeguard("block", checker=checker))
    runs = Runs(engine, tmp_path / "comparisons")
    assert runs.forecast(plan(models=("tiny", "free"))).download_bytes == 608
    assert runs.forecast(plan(models=("free",))).download_bytes == 0


def test_what_is_known_is_told_apart_from_what_is_not(engine: Engine, tmp_path: Path) -> None:
    runs = Runs(engine, tmp_path / "comparisons")
    at(runs, runs.start(plan(models=("tiny",))), over)
    told = runs.forecast(plan())
    assert (told.loads, told.seconds, told.unknown) == (1, None, ("plain",))
    both = [engine.pace.seconds(cell, on_device=True) or 0 for cell in asked(runs, "tiny")]
    assert told.known_seconds == pytest.approx(sum(both))
    assert runs.forecast(plan(models=("tiny",))).seconds == told.known_seconds


def test_a_model_that_another_puts_off_the_device_is_loaded_again(engine: Engine, path: Path, tmp_path: Path) -> None:
    runs = Runs(engine, tmp_path / "comparisons")
    at(runs, runs.start(plan()), over)  # leaves `plain` there
    assert runs.forecast(plan()).loads == 2
    assert runs.forecast(plan(models=("plain", "tiny"))).loads == 1
    with running(path, resident=2) as roomy:
        runs = Runs(roomy, tmp_path / "roomy")
        at(runs, runs.start(plan()), over)
        assert runs.forecast(plan()).loads == 0


def test_earlier_runs_on_this_device_tell_what_a_new_server_does_not_know(engine: Engine, path: Path) -> None:
    root = path.parent / "comparisons"
    runs = Runs(engine, root)
    record = at(runs, runs.start(plan()), over)
    runs.close()
    with running(path) as new:
        new.submit(asked_of(record, "plain")[0]).result()  # `plain` is there, and the device known
        again = Runs(new, root).forecast(plan(models=("tiny",)))
        took = [cell.measured for cell in record.cells if cell.measured and cell.model == "tiny"]
        assert again.seconds == pytest.approx(took[0].load + 2 * took[-1].total)  # the newest counts
        file = root / record.id / "run.json"
        file.write_text(file.read_text().replace('"device": "', '"device": "another '))
        assert Runs(new, root).forecast(plan(models=("tiny",))).unknown == ("tiny",)


def asked(runs: Runs, model: str) -> list[GenerationRequest]:
    return asked_of(runs.listed()[0], model)


def asked_of(record: RunRecord, model: str) -> list[GenerationRequest]:
    return [cell.request for cell in record.cells if cell.request and cell.model == model]


def test_a_download_is_told_in_bytes(path: Path, tmp_path: Path) -> None:
    deployment = config.load(path)
    hub = deployment.models[0].model_copy(
        update={"name": "hub", "repo": "nobody/nothing-here", "download_bytes": 2_000_000, "revision": "0" * 40}
    )
    engine = Engine(registry([*deployment.models, hub]), default_model="tiny", device="cpu")
    told = Runs(engine, tmp_path / "comparisons").forecast(Plan(prompts=("a",), models=("hub", "tiny"), seeds=(1,)))
    assert told.download_bytes == 2_000_000
    engine.close()
