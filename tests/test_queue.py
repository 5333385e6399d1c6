"""Jobs for the model on the device go first, and nobody is overtaken for ever."""

import pytest

from generation.caller import Caller
from generation.job import Job
from generation.queue import Queue
from generation.request import GenerationRequest
from tests.requested import requested

REQUEST = requested()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def job(model: str, who: str = "") -> Job:
    return Job(REQUEST.model_copy(update={"model": model}), "off", lambda job: None, caller=Caller(counted_as=who))


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


# Callers take turns


def asked(queue: Queue, *callers: str, model: str = "a") -> list[Job]:
    jobs = [job(model, who) for who in callers]
    for one in jobs:
        queue.add(one)
    return jobs


def taken(queue: Queue, count: int, *on_device: str) -> list[Job | None]:
    return [queue.take(on_device, cost) for _ in range(count)]


def test_the_first_job_of_another_goes_before_the_second_of_whoever_asked_for_ten(queue: Queue) -> None:
    ten = asked(queue, *["one"] * 10)
    assert queue.take(["a"], cost) is ten[0]
    other, third = asked(queue, "other", "third")
    assert taken(queue, 3, "a") == [other, third, ten[1]]


def test_two_who_ask_for_many_take_turns(queue: Queue) -> None:
    mine, theirs = asked(queue, *["one"] * 3), asked(queue, *["other"] * 3)
    assert taken(queue, 6, "a") == [mine[0], theirs[0], mine[1], theirs[1], mine[2], theirs[2]]


def test_whoever_comes_back_has_not_saved_up_turns(queue: Queue) -> None:
    assert taken(queue, 1) == [None]
    first = asked(queue, *["one"] * 3)
    taken(queue, 3, "a")
    busy, new = asked(queue, *["one"] * 2), asked(queue, *["other"] * 2)
    assert len(first) == 3
    assert taken(queue, 4, "a") == [new[0], busy[0], new[1], busy[1]]


def test_turns_are_within_the_model_that_is_on_the_device(queue: Queue) -> None:
    mine = asked(queue, "one", "one", model="a")
    theirs = asked(queue, "other", model="b")
    assert [found for found, _ in queue.order(["a"], cost)] == [*mine, *theirs]
    assert taken(queue, 3, "a") == [*mine, *theirs]


def test_those_who_keep_coming_do_not_pass_a_job_beyond_the_bound(queue: Queue, clock: Clock) -> None:
    _, patient = asked(queue, "one", "one")
    queue.take(["a"], cost)
    started = clock.now
    for number in range(100):
        asked(queue, f"visitor {number}")
        if queue.take(["a"], cost) is patient:
            break
        clock.now += 10.0
    assert 40 <= clock.now - started <= 70


def test_callers_who_are_not_counted_are_served_as_they_come(queue: Queue) -> None:
    jobs = asked(queue, "", "", "", "")
    assert taken(queue, 4, "a") == jobs
