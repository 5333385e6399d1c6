"""A job can be watched by anybody, at any time, as slowly as they like."""

import threading
import time
from collections.abc import Iterator

import pytest

import errors
from generation.events import (
    Cancelled,
    Developed,
    Encoding,
    Event,
    Failed,
    Finished,
    Frame,
    Picture,
    Queued,
    Silent,
    Step,
    Timings,
)
from generation.job import Job
from tests.test_queue import REQUEST

PICTURE = Picture(0, 1, 8, 8, b"png", "text")
FINISHED = Finished(REQUEST, (PICTURE,), Timings(), 0, "CPU")


def step(done: int) -> Step:
    return Step(0, done, 100, 0.1, 0.1 * (100 - done), Frame(0, done, b"jpeg"))


@pytest.fixture
def job() -> Job:
    job = Job(REQUEST, "off", lambda job: None)
    job.stands(Queued(0, None))
    return job


def test_waiting_is_no_silence(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 1000)
    assert job.silent_seconds > 900
    job.begins()
    assert job.silent_seconds == 0


def test_a_slow_watcher_misses_steps_and_nothing_else(job: Job) -> None:
    watching = job.events()
    assert next(watching) == Queued(0, None)
    told: list[Event] = [Encoding(0), *(step(n) for n in range(100)), Developed(PICTURE), FINISHED]
    for event in told:
        job.tell(event)
    assert list(watching) == [Encoding(0), step(99), Developed(PICTURE), FINISHED]
    assert [frame.step for frame in job.frames()] == list(range(100))
    assert job.pictures() == (PICTURE,)


def test_a_late_watcher_begins_where_the_job_is(job: Job) -> None:
    for event in (Encoding(0), step(0), step(1)):
        job.tell(event)
    late = job.events()
    assert next(late) == step(1)
    job.tell(FINISHED)
    assert list(late) == [FINISHED]
    assert list(job.events()) == [FINISHED]
    assert job.result() == FINISHED


def test_watchers_do_not_disturb_each_other(job: Job) -> None:
    seen: list[list[Event]] = [[], [], []]

    def watch(number: int) -> None:
        for event in job.events():
            seen[number].append(event)
            time.sleep(0.002 * number)

    threads = [threading.Thread(target=watch, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    told: list[Event] = [Encoding(0), *(step(n) for n in range(50)), Developed(PICTURE), FINISHED]
    for event in told:
        job.tell(event)
        time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    for events in seen:
        assert events[-2:] == [Developed(PICTURE), FINISHED]
        done = [event.done for event in events if isinstance(event, Step)]
        assert done == sorted(set(done))
        assert done[-1] == 49


def test_a_watcher_may_leave(job: Job) -> None:
    watching: Iterator[Event] = job.events()
    next(watching)
    watching.close()  # type: ignore[attr-defined]
    job.tell(FINISHED)
    assert job.result() == FINISHED


def test_there_is_one_terminal_event(job: Job) -> None:
    job.tell(Cancelled("queued"))
    job.tell(FINISHED)
    job.tell(step(3))
    assert job.done
    assert list(job.events()) == [Cancelled("queued")]
    assert job.frames() == ()


def test_a_cancel_is_raised_where_the_work_is(job: Job) -> None:
    job.report(Encoding(0))
    job.cancel()
    with pytest.raises(errors.Cancelled):
        job.report(step(1))
    assert job.phase == "denoising"


@pytest.mark.parametrize("kind", ["OutOfMemory", "ModelUnavailable", "GenerationFailed", "ConfigError"])
def test_a_failure_is_raised_as_what_it_was(job: Job, kind: str) -> None:
    job.tell(Failed("lower the size", True, kind))
    with pytest.raises(getattr(errors, kind), match="lower the size"):
        job.result()


def test_a_cancel_is_raised_for_who_waits(job: Job) -> None:
    job.tell(Cancelled("loading"))
    with pytest.raises(errors.Cancelled, match="loading"):
        job.result()


def test_silence_is_measured_from_the_last_news(job: Job) -> None:
    job.tell(step(1))
    job.tell(Silent(5.0))
    assert 0 <= job.silent_seconds < 5
    assert job.phase == "denoising"
