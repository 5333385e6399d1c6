"""Jobs followed from an event loop."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from starlette.requests import Request

from api.following import events, finished, unless, unless_gone
from errors import Cancelled
from generation.engine import Engine
from generation.events import Finished, Queued
from models.registry import registry
from tests.published import from_folder
from tests.tiny import Checkpoints

QUICK = {"prompt": "a", "steps": 1, "width": 64, "height": 64}
LONG = {"prompt": "a", "steps": 90, "width": 256, "height": 256}


@pytest.fixture
def engine(checkpoints: Checkpoints) -> Iterator[Engine]:
    spec = from_folder("sd", checkpoints["sd"])
    one = Engine(registry([spec]), default_model=spec.name, device="cpu")
    one.start()
    yield one
    one.close()


def test_a_client_hears_a_job_to_its_end(engine: Engine) -> None:
    async def heard() -> list[object]:
        return [event async for event in events(engine.submit(engine.request(QUICK)))]

    told = asyncio.run(heard())
    assert isinstance(told[0], Queued)
    assert isinstance(told[-1], Finished)


def test_whoever_stops_listening_cancels(engine: Engine) -> None:
    job = engine.submit(engine.request(LONG))

    async def first() -> None:
        async for _ in (following := events(job)):
            await following.aclose()
            break

    asyncio.run(first())
    with pytest.raises(Cancelled):
        job.result()


def test_a_client_that_is_gone_cancels(engine: Engine) -> None:
    job = engine.submit(engine.request(LONG))
    left = asyncio.Event()

    async def receive() -> dict[str, str]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def asked() -> None:
        asyncio.get_running_loop().call_later(0.1, left.set)
        await unless_gone(Request({"type": "http"}, receive), finished(job))

    with pytest.raises(Cancelled):
        asyncio.run(asked())
    with pytest.raises(Cancelled):
        job.result()


@pytest.mark.parametrize("turns", [1, 2, 3, 4])
def test_whoever_is_stopped_while_waiting_cancels_however_early(engine: Engine, turns: int) -> None:
    """Even in the turn of the event loop in which the job begins to be followed."""
    jobs = []

    async def waiting() -> None:
        jobs.append(job := engine.submit(engine.request(LONG)))
        await unless(asyncio.Event().wait(), finished(job))

    async def stopped() -> None:
        task = asyncio.ensure_future(waiting())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(stopped())
    with pytest.raises(Cancelled):
        jobs[0].result()


def test_whoever_is_gone_before_the_first_turn_cancels(engine: Engine) -> None:
    job = engine.submit(engine.request(LONG))

    async def gone() -> None:
        """At once."""

    with pytest.raises(Cancelled):
        asyncio.run(unless(gone(), finished(job)))
    with pytest.raises(Cancelled):
        job.result()


def test_many_clients_hold_no_thread(engine: Engine) -> None:
    engine.submit(engine.request(QUICK)).result()  # the model is loaded now, which starts threads of its own
    before = set(threading.enumerate())

    async def all_of_them() -> list[Finished]:
        ahead = engine.submit(engine.request(LONG))
        jobs = [engine.submit(engine.request(QUICK)) for _ in range(20)]
        waiting = [asyncio.ensure_future(finished(job)) for job in jobs]
        await asyncio.sleep(0.05)
        assert set(threading.enumerate()) <= before
        ahead.cancel()
        return await asyncio.gather(*waiting)

    assert len(asyncio.run(all_of_them())) == 20
