"""Jobs for the model on the device go first, and nobody is overtaken for ever."""

import pytest

from generation.job import Job
from generation.queue import Queue
from generation.request import GenerationRequest

REQUEST = GenerationRequest(
    prompt="", negative_prompt="", model="", steps=1, guidance_scale=1.0, width=8, height=8, seed=0, sampler="", count=1
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def job(model: str) -> Job:
    return Job(REQUEST.model_copy(update={"model": model}), "off", lambda job: None)


def cost(request: GenerationRequest, on_device: bool) -> float:
    return 10.0 if on_device else 15.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(60.0, resident=1, clock=clock)


def added(queue: Queue, *models: str) -> list[Job]:
    jobs = [job(model) for model in models]
    for one in jobs:
        queue.add(one)
    return jobs


def test_first_come_first_served_without_a_model_on_the_device(queue: Queue) -> None:
    a, b = added(queue, "a", "b")
    assert [queue.take([], cost), queue.take([], cost), queue.take([], cost)] == [a, b, None]


def test_the_model_on_the_device_goes_first(queue: Queue) -> None:
    a, b, c = added(queue, "a", "b", "a")
    assert [queue.take(["a"], cost), queue.take(["a"], cost), queue.take(["a"], cost)] == [a, c, b]


def test_nobody_is_overtaken_beyond_the_bound(queue: Queue, clock: Clock) -> None:
    """However many jobs for the model on the device keep coming."""
    patient, started = added(queue, "b")[0], clock.now
    while True:
        added(queue, "a")
        taken = queue.take(["a"], cost)
        if taken is patient:
            break
        clock.now += 10.0
    assert 40 <= clock.now - started <= 60


def test_unknown_durations_may_exceed_the_bound_by_one_job(queue: Queue, clock: Clock) -> None:
    (patient,) = added(queue, "b")
    added(queue, "a", "a")
    assert queue.take(["a"], lambda request, on_device: None) is not patient
    clock.now += 61
    assert queue.take(["a"], lambda request, on_device: None) is patient


def test_a_job_that_would_take_longer_than_the_bound_does_not_overtake(queue: Queue) -> None:
    first, _ = added(queue, "b", "a")
    assert queue.take(["a"], lambda request, on_device: 61.0) is first


def test_the_order_foretells_what_is_taken(queue: Queue, clock: Clock) -> None:
    jobs = added(queue, *"abcabcaaaaaab")
    foretold = queue.order(["a"], cost)
    assert len(queue) == len(jobs)
    on_device, wait = ["a"], 0.0
    for expected, seconds in foretold:
        assert seconds == pytest.approx(wait)
        taken = queue.take(on_device, cost)
        assert taken is expected
        spent = cost(taken.request, taken.request.model in on_device)
        on_device, wait = [taken.request.model], wait + spent
        clock.now += spent


def test_waiting_is_unknown_behind_what_was_never_measured(queue: Queue) -> None:
    added(queue, "a", "b", "c")
    waits = [wait for _, wait in queue.order([], lambda request, on_device: None if request.model == "b" else 5.0)]
    assert waits == [0.0, 5.0, None]


def test_a_job_can_leave(queue: Queue) -> None:
    a, b = added(queue, "a", "b")
    assert (queue.remove(a), queue.remove(a)) == (True, False)
    assert queue.take([], cost) is b
