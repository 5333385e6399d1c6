"""Pictures as server-sent events, read by OpenAI's own SDK."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from io import BytesIO
from typing import Any

import openai
import pytest
from PIL import Image as Opened

from api.openai.asked import Asked
from api.openai.making import begin
from api.openai.streaming import lively, told
from generation.caller import Caller
from generation.events import Cancelled
from generation.job import Job
from tests.openai_server import SLOW, content, images, many_models, recipe
from tests.serving import LONG, Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

PARTIAL, COMPLETED = "image_generation.partial_image", "image_generation.completed"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    choices = {"preview": {"mode": "off"}}  # which is for the page: who asks for previews gets them
    with served(many_models(tmp_path_factory.mktemp("deployment"), checkpoints, **choices)) as one:
        yield one


@pytest.fixture(scope="module")
def client(there: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as one:
        yield one


def steps(count: int) -> dict[str, Any]:
    return {"extra_body": {"steps": count, "seed": 5}}


def running(there: Served) -> Job:
    """The one job, as soon as it is at its steps."""
    until(lambda: [job.phase for job in there.engine.jobs()] == ["denoising"])
    return there.engine.jobs()[0]


@pytest.mark.parametrize(("previews", "of", "sent"), [(0, 8, 0), (1, 8, 1), (3, 8, 3), (3, 2, 2), (3, 1, 1)])
def test_previews_come_before_the_picture(client: openai.OpenAI, previews: int, of: int, sent: int) -> None:
    stream = client.images.generate(prompt="a tree", stream=True, partial_images=previews, **steps(of))
    *partial, last = list(stream)
    assert [event.type for event in partial] == [PARTIAL] * sent
    assert [getattr(event, "partial_image_index", None) for event in partial] == list(range(sent))
    for event in partial:
        with Opened.open(BytesIO(content(event))) as preview:
            assert preview.format == "JPEG"
        assert (event.output_format, event.size) == ("jpeg", "64x64")
    assert last.type == COMPLETED
    assert last.usage is not None


def test_the_picture_is_the_one_that_is_made_without_a_stream(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"prompt": "a tree", "output_format": "webp", **steps(3)}
    (whole,) = images(client.images.generate(**asked))
    *_, streamed = client.images.generate(**asked, stream=True, partial_images=2)
    assert content(streamed) == content(whole)
    assert streamed.output_format == "webp"


def test_each_of_several_pictures_comes_behind_its_own_previews(client: openai.OpenAI) -> None:
    events = list(client.images.generate(prompt="a tree", n=2, stream=True, partial_images=1, **steps(4)))
    assert [event.type for event in events] == [PARTIAL, COMPLETED] * 2
    assert [recipe(content(event))["seed"] for event in events[1::2]] == [5, 6]


def test_a_stream_with_nothing_beside_the_prompt(client: openai.OpenAI) -> None:
    (only,) = client.images.generate(prompt="a tree", stream=True)
    assert only.type == COMPLETED


def test_an_async_client_reads_the_same(there: Served, client: openai.OpenAI) -> None:
    async def heard() -> list[Any]:
        async with openai.AsyncOpenAI(base_url=f"{there.url}/v1", api_key="any", timeout=PATIENCE) as aclient:
            stream = await aclient.images.generate(prompt="a tree", stream=True, partial_images=1, **steps(4))
            return [event async for event in stream]

    here = list(client.images.generate(prompt="a tree", stream=True, partial_images=1, **steps(4)))
    there_too = asyncio.run(heard())
    assert [content(event) for event in there_too] == [content(event) for event in here]


def test_a_preview_is_there_while_the_picture_is_not(client: openai.OpenAI, there: Served) -> None:
    asked: dict[str, Any] = {**SLOW, "extra_body": {"steps": 100}}
    with client.images.generate(**asked, stream=True, partial_images=3) as stream:
        assert next(iter(stream)).type == PARTIAL
        (job,) = there.engine.jobs()
        assert not job.pictures()
    until(lambda: not there.engine.jobs())


def test_who_closes_the_stream_ends_their_job_and_no_other(client: openai.OpenAI, there: Served) -> None:
    stream = client.images.generate(**SLOW, stream=True, partial_images=3)
    job = running(there)
    other = there.engine.submit(there.engine.request({"prompt": "another's"}))
    stream.close()
    assert other.result().pictures
    assert isinstance(job.latest, Cancelled)


def test_who_closes_it_while_the_job_waits_ends_that_too(client: openai.OpenAI, there: Served) -> None:
    ahead = there.engine.submit(there.engine.request({"prompt": "another's"} | LONG))
    try:
        stream = client.images.generate(**SLOW, stream=True)
        until(lambda: len(there.engine.jobs()) == 2)
        stream.close()
        until(lambda: there.engine.jobs() == (ahead,))
    finally:
        ahead.cancel()


# What goes wrong once the answer has begun


def test_a_failure_is_told_in_the_stream(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="nowhere") as caught:
        list(client.images.generate(prompt="a tree", model="gone", stream=True))
    assert (caught.value.code, caught.value.type) == ("model_unavailable", "server_error")


def test_a_job_that_is_cancelled_at_the_server_says_so(client: openai.OpenAI, there: Served) -> None:
    stream = client.images.generate(**SLOW, stream=True)
    running(there).cancel()
    with pytest.raises(openai.APIError, match="cancelled at the server") as caught:
        list(stream)
    assert caught.value.code == "cancelled"


def test_what_is_refused_at_once_is_no_stream(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt="a tree", size="65x65", stream=True)
    assert caught.value.param == "size"
    with pytest.raises(openai.BadRequestError, match="carries its pictures itself"):
        client.images.generate(prompt="a tree", response_format="url", stream=True)


# Slow listeners


def test_who_listens_late_misses_nothing(there: Served) -> None:
    asked = Asked(prompt="a tree", n=2, steps=4, stream=True, partial_images=1)
    making = begin(asked, there.engine, Caller())
    making.job.result()

    async def heard() -> list[bytes]:
        return [event async for event in told(making)]

    kinds = [event.partition(b"\n")[0].decode().removeprefix("event: ") for event in asyncio.run(heard())]
    assert kinds == [PARTIAL, COMPLETED] * 2


def test_a_long_silence_is_filled_with_comments() -> None:
    async def heard() -> list[bytes]:
        enough = asyncio.Event()

        async def silent() -> AsyncGenerator[bytes, None]:
            await enough.wait()
            yield b"data: {}\n\n"

        got = []
        async for chunk in lively(silent(), quiet_seconds=0.001):
            got.append(chunk)
            if len(got) == 3:
                enough.set()
        return got

    got = asyncio.run(heard())
    assert len(got) >= 4
    assert all(chunk.startswith(b": ") for chunk in got[:-1])
    assert got[-1] == b"data: {}\n\n"
