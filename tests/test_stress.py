"""Twenty clients, a thousand unplanned acts: the device is one job's at a time, and every job ends once."""

import asyncio
import gc
import random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # comes with accelerate
import pytest

from generation.events import TERMINAL, Event, Queued
from generation.job import Job
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints

CLIENTS, ACTS = 20, 1000
WARMING = 100  # acts that bring every thread and cache into being
GROWTH = 100e6  # bytes that a thousand acts may leave behind; NVIDIA's Triton allows its server as many
PATIENCE = 300.0


class Witness:
    """Hears what every job tells."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.working: set[str] = set()
        self.most = 0  # jobs that had the device at a time

    def hear(self, job: Job, event: Event) -> None:
        if isinstance(event, TERMINAL):
            self.ends[job.id] += 1
            self.kinds[type(event).__name__] += 1
            self.working.discard(job.id)
        elif not isinstance(event, Queued):
            self.working.add(job.id)
            self.most = max(self.most, len(self.working))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"], queue={"size": 12})) as one:
        yield one


def test_a_thousand_submits_cancels_and_disconnects(there: Served) -> None:
    witness = Witness()
    there.engine.listen(witness.hear)
    asyncio.run(_all(there, WARMING, seed=0))
    before = _left(there)
    answers = asyncio.run(_all(there, ACTS, seed=1))
    after = _left(there)
    assert sum(answers.values()) == ACTS
    assert set(answers) <= {"200", "429", "gone"}, answers
    assert min(answers["200"], answers["gone"]) > ACTS // 10, answers
    assert witness.most == 1
    assert set(witness.ends.values()) == {1}
    assert set(witness.kinds) == {"Finished", "Cancelled"}, witness.kinds
    assert min(witness.kinds.values()) > ACTS // 20, witness.kinds
    assert there.engine.jobs() == ()
    assert after["threads"] <= before["threads"] + 2, (before, after)
    assert after["bytes"] <= before["bytes"] + GROWTH, (before, after)


async def _all(there: Served, acts: int, seed: int) -> Counter[str]:
    """What became of that many acts of twenty clients."""
    told = await asyncio.gather(*(_client(there, acts // CLIENTS, random.Random(seed + n)) for n in range(CLIENTS)))
    return sum(told, Counter[str]())


async def _client(there: Served, acts: int, chance: random.Random) -> Counter[str]:
    told: Counter[str] = Counter()
    limits = httpx.Limits(max_keepalive_connections=1)
    async with httpx.AsyncClient(base_url=there.url, timeout=PATIENCE, limits=limits) as client:
        for _ in range(acts):
            act = chance.choice((_openai, _openai, _streaming, _a1111, _a1111, _gradio))
            patience = PATIENCE if chance.random() < 0.5 else chance.uniform(0.01, 0.5)
            try:
                told[str(await asyncio.wait_for(act(client, chance), patience))] += 1
            except (TimeoutError, asyncio.TimeoutError):  # two classes on Python 3.10
                told["gone"] += 1
    return told


def _wanted(chance: random.Random) -> dict[str, Any]:
    return {"prompt": "a boat", "model": chance.choice(("tiny", "plain")), "seed": chance.randrange(1000)}


async def _openai(client: httpx.AsyncClient, chance: random.Random) -> int:
    asked = _wanted(chance) | {"n": chance.choice((1, 2)), "num_inference_steps": chance.choice((1, 8))}
    return (await client.post("/v1/images/generations", json=asked)).status_code


async def _streaming(client: httpx.AsyncClient, chance: random.Random) -> int:
    asked = _wanted(chance) | {"stream": True, "partial_images": 2}
    async with client.stream("POST", "/v1/images/generations", json=asked) as answer:
        async for _ in answer.aiter_bytes():
            if chance.random() < 0.2:
                raise TimeoutError
        return answer.status_code


async def _a1111(client: httpx.AsyncClient, chance: random.Random) -> int:
    if chance.random() < 0.1:
        return (await client.post("/sdapi/v1/interrupt")).status_code
    asked = _wanted(chance)
    asked["override_settings"] = {"sd_model_checkpoint": asked.pop("model")}
    return (await client.post("/sdapi/v1/txt2img", json=asked)).status_code


async def _gradio(client: httpx.AsyncClient, chance: random.Random) -> int:
    wanted = _wanted(chance)
    data = [wanted["prompt"], None, wanted["model"], None, None, None, None, wanted["seed"], None, 1]
    event = (await client.post("/gradio_api/call/generate", json={"data": data})).json()["event_id"]
    return (await client.get(f"/gradio_api/call/generate/{event}")).status_code


def _left(there: Served) -> dict[str, float]:
    """Threads and bytes of this process, as soon as nothing is under way any more."""
    for job in there.engine.jobs():  # whoever asked for it is gone, yet the server may not have noticed
        job.cancel()
        for _ in job.events():
            pass
    gc.collect()
    return {"threads": threading.active_count(), "bytes": psutil.Process().memory_info().rss}
