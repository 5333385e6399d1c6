"""Work that borrows the device: jobs go before it and in between, and it ends when it is to end."""

import logging
import threading
from collections.abc import Generator
from typing import Any

import pytest
import torch

import errors
from generation.engine import Engine
from generation.task import Loan
from models.progress import Loading
from models.storage import State
from tests.test_engine import Make, engine, make, specs, submit  # noqa: F401 - fixtures


def test_work_gets_models_and_tells_of_it(engine: Engine) -> None:  # noqa: F811
    def work(loan: Loan) -> Generator[None, None, list[str]]:
        devices = []
        for name in ("sd", "bk"):
            loaded = loan.acquire(engine.models[name])
            devices.append(loaded.device.kind)
            assert not torch.is_grad_enabled()
            yield
        assert engine.states()["bk"] is State.ON_DEVICE
        loan.free()
        return devices

    task = engine.borrow(work)
    told = list(task.events())
    assert {event.model for event in told if isinstance(event, Loading)} == {"sd", "bk"}
    assert task.result() == ["cpu", "cpu"]
    assert engine.states()["bk"] is State.ON_DISK


def test_jobs_go_before_it_and_in_between(make: Make) -> None:  # noqa: F811
    engine, order = make(), []  # noqa: F811
    waits = threading.Event()

    def work(loan: Loan) -> Generator[None, None, None]:
        order.append("begins")
        waits.wait(60)
        yield
        order.append("goes on")

    task = engine.borrow(work)
    engine.listen(lambda job, event: order.append(job.request.prompt) if type(event).__name__ == "Finished" else None)
    submit(engine, prompt="first")
    engine.start()
    while "begins" not in order:
        waits.wait(0.01)
    submit(engine, prompt="second")
    waits.set()
    task.result()
    assert order == ["first", "begins", "second", "goes on"]


def test_a_cancel_ends_it_where_it_tells_or_yields(engine: Engine) -> None:  # noqa: F811
    left = []

    def work(loan: Loan) -> Generator[None, None, None]:
        try:
            while True:
                loan.tell("here")
                yield
        finally:
            left.append(True)

    task = engine.borrow(work)
    assert next(task.events()) == "here"
    task.cancel()
    with pytest.raises(errors.Cancelled):
        task.result()
    assert left == [True]
    assert submit(engine).result().pictures


def test_a_cancel_before_it_begins_ends_it_at_once(make: Make) -> None:  # noqa: F811
    def work(loan: Loan) -> Generator[None, None, None]:
        yield
        pytest.fail("it began")

    engine = make()  # noqa: F811
    task = engine.borrow(work)
    task.cancel()
    assert list(task.events()) == []
    with pytest.raises(errors.Cancelled):
        task.result()
    engine.start()
    assert submit(engine).result().pictures


def test_closing_the_engine_ends_it(engine: Engine) -> None:  # noqa: F811
    def work(loan: Loan) -> Generator[None, None, None]:
        while True:
            loan.tell("here")
            yield

    task = engine.borrow(work)
    waiting = engine.borrow(work)
    assert next(task.events()) == "here"
    assert engine.close()
    for one in (task, waiting):
        with pytest.raises(errors.Cancelled):
            one.result()
    with pytest.raises(errors.QueueFull, match="shut down"):
        engine.borrow(work)


ENDS = [
    (errors.InvalidRequest("No such size.", "width"), errors.InvalidRequest, "No such size"),
    (torch.OutOfMemoryError("CUDA out of memory"), errors.OutOfMemory, "too little memory"),
    (ZeroDivisionError("a fault"), errors.DarkroomError, "Something broke"),
]


@pytest.mark.parametrize(("raised", "kind", "said"), ENDS)
def test_an_error_is_the_borrowers_alone(
    engine: Engine,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
    raised: Exception,
    kind: type[Exception],
    said: str,
) -> None:
    def work(loan: Loan) -> Generator[None, None, Any]:
        yield
        raise raised

    caplog.set_level(logging.CRITICAL, "generation.worker")
    with pytest.raises(kind, match=said):
        engine.borrow(work).result()
    assert submit(engine).result().pictures


def test_no_device_is_its_error_too(make: Make) -> None:  # noqa: F811
    engine = make(device="mps")  # noqa: F811
    engine.start()
    with pytest.raises(errors.ConfigError, match="mps"):
        engine.borrow(lambda loan: iter(())).result()  # type: ignore[arg-type, return-value]
