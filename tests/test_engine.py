"""Jobs through the real engine: one after another, each with one end, whatever happens to the others."""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import errors
from generation.engine import Engine
from generation.events import (
    INTERRUPTED,
    Cancelled,
    Decoding,
    Developed,
    Encoding,
    Event,
    Failed,
    Finished,
    Queued,
    Silent,
    Step,
)
from generation.job import Job
from generation.pace import Pace
from generation.settings import Preview, Queue
from generation.worker import Worker
from models.progress import Downloading, Loading
from models.registry import registry
from models.spec import ModelSpec
from models.storage import State
from tests import published
from tests.hub import Hub
from tests.test_queue import REQUEST
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

LONG = 400  # steps of a job that is not meant to end by itself
Make = Callable[..., Engine]


def tiny_spec(spec: ModelSpec, **changes: Any) -> ModelSpec:
    steps = spec.steps.model_copy(update={"high": LONG})
    return spec.model_copy(update={"parameters": 1000, "steps": steps, **changes})


@pytest.fixture(scope="module")
def specs(checkpoints: Checkpoints) -> list[ModelSpec]:
    """Two that work, one whose files are gone."""
    sd, bk = (tiny_spec(published.from_folder(name, checkpoints[name]), name=name) for name in ("sd", "bk"))
    return [sd, bk, sd.model_copy(update={"name": "gone", "repo": str(checkpoints.folder / "nothing-here")})]


@pytest.fixture
def make(specs: list[ModelSpec]) -> Iterator[Make]:
    """An engine on the CPU with `specs` and more models; not started."""
    made: list[Engine] = []

    def engine(*more: ModelSpec, device: str = "cpu", **choices: Any) -> Engine:
        made.append(Engine(registry([*specs, *more]), default_model="sd", device=device, **choices))
        return made[-1]

    yield engine
    for one in made:
        one.close()


@pytest.fixture
def engine(make: Make) -> Engine:
    started = make()
    started.start()
    return started


def submit(engine: Engine, **asked: Any) -> Job:
    return engine.submit(engine.request({"prompt": "a cat", "steps": 2, "width": 64, "height": 64, "seed": 1} | asked))


def end(job: Job) -> Event:
    *_, last = job.events()
    return last


def at(kind: type, act: Callable[[Job], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `act` done from within the work of the jobs whose prompt is "at", as soon as they report a `kind`."""
    report = Job.report

    def reporting(job: Job, event: Event) -> None:
        if isinstance(event, kind) and job.request.prompt == "at":
            act(job)
        report(job, event)

    monkeypatch.setattr(Job, "report", reporting)


def test_a_request_becomes_pictures(engine: Engine) -> None:
    finished = submit(engine, count=2).result()
    assert [picture.seed for picture in finished.pictures] == [1, 2]
    timings = finished.timings
    assert timings.total >= timings.load + timings.text + timings.denoise + timings.decode
    assert min(timings.load, timings.text, timings.denoise, timings.decode, timings.seconds_per_step) > 0
    assert finished.peak_memory_bytes > 10e6
    assert engine.states()["sd"] is State.ON_DEVICE
    device = engine.device()
    assert device is not None
    assert finished.device == f"{device.name}, float32"


PHASES = [(Loading, "loading"), (Encoding, "encoding"), (Step, "denoising"), (Decoding, "decoding")]


@pytest.mark.parametrize(("kind", "phase"), PHASES)
def test_a_cancel_is_heard_in_every_phase(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: type, phase: str
) -> None:
    at(kind, Job.cancel, monkeypatch)
    assert end(submit(engine, prompt="at")) == Cancelled(phase)
    assert isinstance(end(submit(engine)), Finished)


Far = Callable[[str], Engine]


@pytest.fixture
def far(make: Make, hub: Hub, checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    """`far("bk")` works, and has that checkpoint as the model `far`, still on the hub."""

    def begun(name: str) -> Engine:
        published.use(hub, tmp_path / "cache", monkeypatch)
        engine = make(tiny_spec(published.on_hub(name, hub, checkpoints), name="far"))
        engine.start()
        return engine

    return begun


def test_a_cancel_is_heard_while_downloading(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = far("decidiffusion")
    at(Downloading, Job.cancel, monkeypatch)
    assert end(submit(engine, prompt="at", model="far")) == Cancelled("downloading")
    assert engine.states()["far"] is State.TO_DOWNLOAD
    assert isinstance(end(submit(engine, model="far")), Finished)


def test_a_download_is_timed_by_itself(far: Far) -> None:
    engine = far("bk")
    first, second = (submit(engine, model="far").result().timings for _ in range(2))
    assert min(first.download, first.load) > 0
    assert first.total >= first.download + first.load + first.text + first.denoise + first.decode
    assert second.download == 0


def test_a_cancel_is_heard_while_waiting(make: Make) -> None:
    engine = make()  # not started: everything waits
    first, second = submit(engine), submit(engine)
    assert second.latest == Queued(1, None)
    first.cancel()
    first.cancel()
    assert list(first.events()) == [Cancelled("queued")]
    assert second.latest == Queued(0, 0.0)
    assert engine.jobs() == (second,)


def test_a_cancel_takes_a_step_at_most(engine: Engine) -> None:
    job, seen, asked = submit(engine, steps=LONG), 0, None
    for event in job.events():
        if isinstance(event, Step):
            seen = event.done
            if event.done >= 3 and asked is None:
                job.cancel()
                asked = event.done
    assert asked is not None
    assert seen <= asked + 2  # one that was done while the cancel came in, one that was under way
    assert job.latest == Cancelled("denoising")


def test_a_failing_job_fails_alone(engine: Engine) -> None:
    failing, working = submit(engine, model="gone"), submit(engine)
    failed = end(failing)
    assert isinstance(failed, Failed)
    assert (failed.expected, failed.kind) == (True, "ModelUnavailable")
    assert "nothing-here" in failed.message
    with pytest.raises(errors.ModelUnavailable):
        failing.result()
    assert isinstance(end(working), Finished)


def test_a_fault_of_ours_is_logged_and_not_shown(make: Make, specs: list[ModelSpec], caplog: Any) -> None:
    """A model whose preview matrix fits no latents of its own: nobody meant that to be possible."""
    space = specs[0].latent_space.model_copy(update={"channels": 3, "rgb": specs[0].latent_space.rgb[:3]})
    engine = make(specs[0].model_copy(update={"name": "odd", "latent_space": space}))
    engine.start()
    job = submit(engine, model="odd")
    assert end(job) == Failed("Something broke. The log has the details.", False, "RuntimeError")
    assert f"Job {job.id} failed" in caplog.text
    assert "Traceback" in caplog.text
    request = engine.request({"prompt": "x", "model": "odd", "steps": 1, "width": 64, "height": 64})
    assert isinstance(end(engine.submit(request, preview="off")), Finished)


def test_too_little_memory_is_told_as_such(make: Make, specs: list[ModelSpec]) -> None:
    """Latents of 256 TB, which no machine has the addresses for."""
    side = 1 << 25
    engine = make(specs[0].model_copy(update={"name": "vast", "max_pixels": side * side}))
    engine.start()
    submit(engine).result()
    failed = end(submit(engine, model="vast", width=side, height=side))
    assert isinstance(failed, Failed)
    assert (failed.expected, failed.kind) == (True, "OutOfMemory")
    assert f"{side}x{side} with vast" in failed.message
    assert "Lower the width or the height" in failed.message
    assert State.ON_DEVICE not in engine.states().values()
    assert isinstance(end(submit(engine)), Finished)


def test_what_a_failed_job_held_is_let_go(make: Make, specs: list[ModelSpec]) -> None:
    class Held:
        pass

    def work() -> weakref.ref[Held]:
        held = Held()
        kept.append(weakref.ref(held))
        raise MemoryError

    kept: list[weakref.ref[Held]] = []
    worker = Worker(registry(specs), "cpu", 1, None, Preview(), Pace(registry(specs)))
    try:
        work()
    except MemoryError as error:
        failed = worker._failed(Job(REQUEST, "off", lambda job: None), error)
        assert kept[0]() is None
    assert failed.kind == "OutOfMemory"


def test_jobs_for_the_model_on_the_device_go_first(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make()
    jobs = [submit(engine, prompt="at", model=model, steps=1) for model in ("sd", "bk", "sd", "bk")]
    expected = (jobs[0], jobs[2], jobs[1], jobs[3])
    assert engine.jobs() == expected
    assert [job.latest for job in expected] == [Queued(0, 0.0), Queued(1, None), Queued(2, None), Queued(3, None)]
    begun: list[Job] = []
    at(Encoding, begun.append, monkeypatch)
    engine.start()
    for job in jobs:
        assert isinstance(end(job), Finished)
    assert tuple(begun) == expected


def test_waiting_is_estimated_from_what_was_measured(engine: Engine) -> None:
    for model in ("sd", "bk"):
        submit(engine, model=model).result()
    running = submit(engine, steps=LONG)
    while not (isinstance(running.latest, Step) and running.latest.done):
        time.sleep(0.01)
    waiting = submit(engine, model="bk")
    assert isinstance(waiting.latest, Queued)
    assert waiting.latest.position == 1
    assert waiting.latest.wait_seconds is not None
    assert waiting.latest.wait_seconds > running.latest.seconds_left * 0.5
    running.cancel()
    assert isinstance(end(waiting), Finished)


def test_a_full_queue_refuses_and_says_when_to_come_back(make: Make) -> None:
    engine = make(queue=Queue(size=2))
    jobs = [submit(engine), submit(engine)]
    with pytest.raises(errors.QueueFull, match=r"2 jobs wait already.*Try again in \d+ seconds") as refused:
        submit(engine)
    assert refused.value.retry_seconds > 0
    jobs[0].cancel()
    submit(engine)


def test_jobs_are_found_by_their_id_for_a_while(make: Make) -> None:
    engine = make(queue=Queue(kept_jobs=2))
    engine.start()
    jobs = [submit(engine, steps=1) for _ in range(3)]
    for job in jobs:
        end(job)
    end(submit(engine, steps=1))
    with pytest.raises(errors.UnknownJob, match="Start a new one"):
        engine.job(jobs[0].id)
    late = engine.job(jobs[2].id)
    assert isinstance(late.latest, Finished)
    assert len(late.frames()) == len(late.pictures()) == 1


def test_a_request_is_checked_again_when_it_is_submitted(engine: Engine) -> None:
    request = engine.request({"prompt": "x"})
    with pytest.raises(errors.InvalidRequest, match="not on offer"):
        engine.submit(request.model_copy(update={"model": "other"}))
    with pytest.raises(errors.InvalidRequest, match="Steps is 0"):
        engine.submit(request.model_copy(update={"steps": 0}))


def test_a_hung_job_is_reported(make: Make, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    engine = make(queue=Queue(watchdog_seconds=0.2))
    engine.start()
    submit(engine).result()
    noticed = threading.Event()

    def hang(job: Job) -> None:
        assert noticed.wait(PATIENCE)

    at(Decoding, hang, monkeypatch)
    job, silent = submit(engine, prompt="at"), []
    for event in job.events():
        if isinstance(event, Silent) and "in hang" in caplog.text:  # which is told before
            silent.append(event)
            noticed.set()
    assert silent
    assert silent[0].seconds >= 0.2
    assert isinstance(job.latest, Finished)
    assert f"Job {job.id} has told nothing for" in caplog.text


def test_preloading_waits_for_nobody_and_nobody_for_it(engine: Engine, caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    with pytest.raises(errors.ConfigError, match="There is no model 'other'"):
        engine.preload("other")
    engine.preload("bk")
    engine.preload("gone")
    until(lambda: engine.states()["bk"] is State.ON_DEVICE)
    until(lambda: "gone was not preloaded" in caplog.text)  # a job that came sooner would go first
    assert isinstance(end(submit(engine, model="sd")), Finished)


def test_a_preload_that_lacks_memory_frees_it(specs: list[ModelSpec]) -> None:
    def lacking(event: Downloading | Loading) -> None:
        raise MemoryError

    worker = Worker(registry(specs), "cpu", 1, None, Preview(), Pace(registry(specs)))
    worker.prepare()
    worker.preload(specs[0], lambda event: None)
    assert worker.on_device() == ["sd"]
    worker.preload(specs[1], lacking)
    assert worker.on_device() == []
    assert set(worker.states().values()) == {State.ON_DISK, State.TO_DOWNLOAD}
    worker.stop()


def test_closing_ends_everything(make: Make) -> None:
    engine = make()
    engine.start()
    running, waiting = submit(engine, steps=LONG), submit(engine, model="bk")
    next(event for event in running.events() if isinstance(event, Step))
    engine.close()
    assert end(running) == waiting.latest == INTERRUPTED
    with pytest.raises(errors.Interrupted, match="was stopped before"):
        waiting.result()
    with pytest.raises(errors.ShuttingDown, match="shut down"):
        submit(engine)
    engine.close()


def test_closing_tells_of_a_job_that_hangs(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, released = threading.Event(), threading.Event()

    def hang(job: Job) -> None:
        begun.set()
        released.wait()

    at(Encoding, hang, monkeypatch)
    engine = make()
    engine.start()
    submit(engine, prompt="at")
    try:
        assert begun.wait(60)
        assert not engine.close(0.1)
    finally:
        released.set()
    assert engine.close()


def test_an_engine_that_was_never_started_can_be_closed(make: Make) -> None:
    engine = make()
    job = submit(engine)
    engine.close()
    assert job.latest == INTERRUPTED


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_the_device_every_job_says_why(make: Make) -> None:
    engine = make(device="cuda")
    engine.start()
    failed = end(submit(engine))
    assert isinstance(failed, Failed)
    assert failed.kind == "ConfigError"
    assert "which this machine does not have" in failed.message


def test_events_of_a_whole_job(engine: Engine) -> None:
    """Nothing but repetitions of progress is ever missed, so a watcher from the start sees each phase."""
    kinds = [type(event) for event in submit(engine, steps=5, count=2).events()]
    assert kinds[0] in (Queued, Loading)
    assert kinds[-1] is Finished
    assert kinds.count(Developed) == kinds.count(Decoding) == 2
    assert sum(kind in (Finished, Failed, Cancelled) for kind in kinds) == 1
