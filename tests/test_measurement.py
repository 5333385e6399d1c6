"""The benchmark on tiny real models: every figure from several runs, whatever else happens on the device."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch

import errors
from generation.engine import Engine
from generation.job import Job
from generation.settings import Preview
from generation.task import Loan, Task
from measurement import pictures, storage_reads
from measurement.events import Progress
from measurement.figures import figures, names
from measurement.plan import QUICK, Plan, check, chosen
from measurement.record import Record, schema
from measurement.work import work
from models.storage import State
from tests.published import CONFIG
from tests.test_engine import Make, engine, make, specs, submit  # noqa: F401 - fixtures

SMALL: dict[str, Any] = {
    "width": 64,
    "height": 64,
    "steps": 3,
    "rounds": 2,
    "batches": (1,),
    "previews": ("off", "linear"),
}
ALL: dict[str, Any] = {"batches": (1, 2), "previews": ("off", "linear", "taesd", "vae")}


def begun(engine: Engine, preview: Preview = Preview(), **changes: Any) -> Task[Record]:  # noqa: F811, B008
    plan = Plan.model_validate({"models": ("sd",), **SMALL, **changes})
    return engine.borrow(work(plan, engine.models, preview))


@pytest.fixture(scope="module")
def record(specs: Any) -> Record:  # noqa: F811
    """Two models, measured once for all tests that only look."""
    from models.registry import registry

    engine = Engine(registry(specs), default_model="sd", device="cpu")  # noqa: F811
    engine.start()
    try:
        return begun(engine, models=("sd", "bk"), **ALL).result()
    finally:
        engine.close()


def test_every_figure_is_measured_in_every_round(record: Record) -> None:
    assert [result.model for result in record.models] == ["sd", "bk"]
    assert record.complete
    wanted = ["cold_load", "warm_load", "first_preview", "seconds_per_step", "picture", "batch 1", "batch 2"]
    wanted += ["peak_memory", "preview linear", "preview vae"]
    for result in record.models:
        assert [figure.name for figure in figures(result)] == wanted
        assert {figure.spread.count for figure in figures(result)} == {2}
        assert all(figure.spread.least > 0 for figure in figures(result) if figure.unit != "share")
        assert all(it.spread.least <= it.spread.median <= it.spread.most for it in figures(result))
        assert (result.error, result.weights, result.at_defaults) == (None, "trained", False)
        assert {note.code for note in result.notes} >= {"on_cpu", "no_taesd"}
        assert result.warm_up is not None
        assert result.picture is not None
        assert result.seconds_per_step is not None
        assert result.first_preview is not None
        assert result.picture.median > result.first_preview.median > 0
        assert result.dtype == "float32"
        assert "AttnProcessor" in result.attention
    assert names(record.models) == wanted


def test_the_machine_is_written_down(record: Record) -> None:
    machine = record.machine
    assert machine.torch == torch.__version__
    assert machine.cpus >= 1
    assert machine.memory_bytes > 1e9
    assert (machine.gpu, machine.driver) == (None, None)
    assert len(machine.fingerprint) == 16


def test_a_record_survives_its_json_and_fits_the_documented_schema(record: Record) -> None:
    assert Record.model_validate_json(record.model_dump_json()) == record
    documented = Path(__file__).parents[1] / "docs" / "benchmark.schema.json"
    assert json.loads(documented.read_text(encoding="utf-8")) == schema()


def test_nothing_stays_in_memory(engine: Engine) -> None:  # noqa: F811
    begun(engine, **QUICK).result()
    assert set(engine.states().values()) == {State.ON_DISK, State.TO_DOWNLOAD}


def test_a_first_look_is_short(engine: Engine) -> None:  # noqa: F811
    (result,) = begun(engine, **QUICK).result().models
    assert (result.batches, [cost.mode for cost in result.previews]) == ((), ["linear"])


def test_progress_tells_model_phase_and_time_left(engine: Engine) -> None:  # noqa: F811
    told = [event for event in begun(engine, models=("sd", "bk")).events() if isinstance(event, Progress)]
    phases = [event.phase for event in told]
    assert list(dict.fromkeys(phases)) == ["load", "cold_load", "warm_load", "warm_up", "picture", "batch"]
    shares = [event.share for event in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert told[0].seconds_left is None
    assert told[0].unknown == ("sd", "bk")
    pictures_of_sd = [event for event in told if event.phase == "picture" and event.model == "sd"]
    assert all(event.seconds_left for event in pictures_of_sd)
    assert {event.unknown for event in pictures_of_sd} == {("bk",)}
    assert {event.step for event in pictures_of_sd} == {0, 1, 2, 3}


def test_earlier_benchmarks_tell_how_long_it_takes(engine: Engine, record: Record) -> None:  # noqa: F811
    plan = Plan.model_validate({"models": ("sd",), **SMALL})
    task = engine.borrow(work(plan, engine.models, Preview(), [record]))
    first = next(event for event in task.events() if isinstance(event, Progress))
    task.cancel()
    assert first.seconds_left is not None
    assert first.seconds_left > 0
    assert first.unknown == ()


def test_what_was_measured_until_a_stop_is_told(engine: Engine) -> None:  # noqa: F811
    task, latest = begun(engine, models=("sd", "bk")), None
    for event in task.events():
        if isinstance(event, Progress):
            latest = event
            if event.model == "bk" and event.phase == "picture":
                task.cancel()
    with pytest.raises(errors.Cancelled):
        task.result()
    assert latest is not None
    assert not latest.record.complete
    done, half = latest.record.models
    assert done.batches
    assert half.cold_load
    assert not half.batches
    assert submit(engine).result().pictures


def test_jobs_go_in_between_and_distort_nothing(engine: Engine) -> None:  # noqa: F811
    jobs: list[Job] = []
    task = begun(engine)
    for event in task.events():
        if isinstance(event, Progress) and event.phase == "picture" and not jobs:
            jobs.append(submit(engine, model="bk"))  # takes the model's place on the device
    assert jobs[0].result().pictures
    (result,) = task.result().models
    assert {figure.spread.count for figure in figures(result)} == {2}


def test_a_model_that_fails_says_why_and_the_next_is_measured(engine: Engine) -> None:  # noqa: F811
    gone, there = begun(engine, models=("gone", "sd"), **QUICK).result().models
    assert gone.error is not None
    assert "there is no folder" in gone.error
    assert figures(gone) == []
    assert there.picture is not None


def test_a_batch_that_finds_too_little_memory_is_left_out(
    engine: Engine,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    denoised = pictures._denoised

    def scarce(pipeline: Any, loaded: Any, request: Any, count: int, *rest: Any) -> torch.Tensor:
        if count == 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return denoised(pipeline, loaded, request, count, *rest)

    monkeypatch.setattr(pictures, "_denoised", scarce)
    (result,) = begun(engine, batches=(1, 2, 4)).result().models
    assert [batch.size for batch in result.batches] == [1, 2]
    assert [note.detail for note in result.notes if note.code == "batch_memory"] == ["4"]


def test_a_batch_is_as_many_pictures_in_one_call_of_the_net(engine: Engine) -> None:  # noqa: F811
    def shapes(loan: Loan) -> Generator[None, None, list[tuple[int, ...]]]:
        loaded = loan.acquire(engine.models["sd"])
        seen: list[tuple[int, ...]] = []
        hook = loaded.pipeline.unet.register_forward_pre_hook(lambda net, given: seen.append(tuple(given[0].shape)))
        request = engine.request({"prompt": "a cat", "steps": 2, "width": 64, "height": 64, "seed": 1})
        pictures.together(loaded, request, 4, lambda done: None)
        hook.remove()
        yield
        return seen

    assert {shape[0] for shape in engine.borrow(shapes).result()} == {8}  # with and without the prompt


def test_the_deployments_previews_are_those_of_a_picture(engine: Engine) -> None:  # noqa: F811
    record = begun(engine, preview=Preview(mode="vae"), previews=("off", "linear", "vae"), batches=()).result()
    (result,) = record.models
    assert result.first_preview is not None
    assert record.preview.mode == "vae"


@pytest.mark.skipif(storage_reads.read() is None, reason="this OS does not count what the storage delivers")
def test_a_cold_load_tells_what_came_from_the_storage(record: Record) -> None:
    share = record.models[0].read_from_disk
    assert share is not None
    assert 0 <= share.least <= share.most <= 1


def test_plans_that_cannot_be_carried_out_are_refused(engine: Engine) -> None:  # noqa: F811
    with pytest.raises(errors.ConfigError, match=r"There is no model 'nobody'\. Choose from: sd, bk"):
        chosen(("nobody",), engine.models, False)
    with pytest.raises(errors.ConfigError, match="The architecture of sd is not known"):
        chosen(("sd",), engine.models, True)
    with pytest.raises(errors.InvalidRequest, match="Width is 65"):
        check(Plan.model_validate({"models": ("sd",), **SMALL, "width": 65}), engine.models)
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        Plan(models=("sd",), rounds=1)


def test_without_names_those_are_measured_that_need_no_download(engine: Engine) -> None:  # noqa: F811
    from config import load
    from models.registry import registry

    assert chosen((), engine.models, False) == ("sd", "bk")
    ours = registry(load(CONFIG).models)
    assert len(chosen((), ours, True)) == 5
