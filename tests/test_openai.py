"""The images API by OpenAI's own SDK, against a real server."""

import asyncio
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from PIL import Image as Opened

from api.openai.links import Links
from errors import UnknownPicture
from gallery.formats import exif
from generation import infotext
from generation.caller import Caller
from generation.events import Cancelled
from tests.openai_server import SLOW, content, images, recipe
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as one:
        yield one


@pytest.fixture(scope="module")
def client(there: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as one:
        yield one


# Models


def test_the_models_on_offer_are_listed_the_default_one_first(client: openai.OpenAI) -> None:
    listed = client.models.list().data
    assert [(model.id, model.object) for model in listed] == [("tiny", "model"), ("plain", "model")]
    assert client.models.retrieve("plain") == listed[1]


@pytest.mark.parametrize("asked", ["plain", "Tiny plain", "PLAIN"])
def test_a_model_is_found_by_name_and_title(client: openai.OpenAI, asked: str) -> None:
    assert client.models.retrieve(asked).id == "plain"
    made = client.images.generate(prompt="a cup", model=asked)
    assert recipe(content(images(made)[0]))["model"] == "plain"


# Pictures


def test_a_prompt_alone_takes_the_models_defaults(client: openai.OpenAI, there: Served) -> None:
    made = client.images.generate(prompt="a lighthouse")
    (image,) = images(made)
    picture = content(image)
    assert recipe(picture)["prompt"] == "a lighthouse"
    assert recipe(picture)["model"] == "tiny"
    assert recipe(picture)["seed"] == image.seed  # type: ignore[attr-defined]
    assert (made.size, made.output_format, made.background, made.quality) == ("64x64", "png", "opaque", "auto")
    assert abs(made.created - time.time()) < PATIENCE
    assert made.usage is not None
    assert made.usage.total_tokens == 0


def test_everything_can_be_asked(client: openai.OpenAI) -> None:
    extensions = {
        "negative_prompt": "fog",
        "num_inference_steps": 3,
        "guidance_scale": 4.5,
        "seed": 11,
        "sampler": "k_euler",
    }
    made = client.images.generate(
        prompt="two boats",
        model="tiny",
        n=2,
        size="128x64",
        quality="high",
        style="vivid",
        background="opaque",
        moderation="low",
        user="somebody",
        response_format="b64_json",
        output_format="png",
        output_compression=100,
        extra_body=extensions,
    )
    recipes = [recipe(content(image)) for image in images(made)]
    assert [told["seed"] for told in recipes] == [11, 12]
    for told in recipes:
        assert (told["steps"], told["guidance_scale"], told["sampler"]) == (3, 4.5, "Euler")
        assert (told["width"], told["height"], told["negative_prompt"]) == (128, 64, "fog")
    assert (made.size, made.quality) == ("128x64", "high")


def test_the_names_that_a1111_uses_are_understood_too(client: openai.OpenAI) -> None:
    made = client.images.generate(prompt="a cup", size="auto", extra_body={"steps": 1, "cfg_scale": 2, "seed": -1})
    told = recipe(content(images(made)[0]))
    assert (told["steps"], told["guidance_scale"]) == (1, 2.0)


def test_a_seed_gives_the_same_bytes_again(client: openai.OpenAI) -> None:
    one, other = (client.images.generate(prompt="a tree", extra_body={"seed": 5}).data for _ in range(2))
    assert one == other


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_other_formats_hold_the_settings_too(client: openai.OpenAI, kind: Any) -> None:
    asked: dict[str, Any] = {"prompt": "a café", "output_format": kind, "extra_body": {"seed": 5}}
    good, poor = (client.images.generate(**asked, output_compression=level) for level in (100, 1))
    picture = content(images(good)[0])
    with Opened.open(BytesIO(picture)) as image:
        assert image.format == kind.upper()
        parameters = infotext.read(_comment(image.info["exif"]))
    assert (parameters["prompt"], parameters["seed"]) == ("a café", 5)
    assert len(content(images(poor)[0])) < len(picture)
    assert good.output_format == kind


def _comment(written: bytes) -> str:
    tail = written.removeprefix(b"Exif\0\0").partition(b"UNICODE\0")[2].decode("utf-16-be")
    assert exif(tail) in written
    return tail


# Links


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_link_leads_to_the_picture(client: openai.OpenAI, there: Served, kind: Any) -> None:
    asked: dict[str, Any] = {"prompt": "a tree", "output_format": kind, "extra_body": {"seed": 5}}
    (itself,) = images(client.images.generate(**asked))
    (linked,) = images(client.images.generate(**asked, response_format="url"))
    assert linked.b64_json is None
    assert linked.url is not None
    assert linked.url.startswith(f"{there.url}/v1/images/")
    answer = httpx.get(linked.url, timeout=PATIENCE)
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.content == content(itself)


def test_a_link_names_the_host_that_the_client_knows(there: Served) -> None:
    asked = {"prompt": "a tree", "response_format": "url"}
    behind = {"x-forwarded-host": "abc.gradio.live", "x-forwarded-proto": "https"}
    made = httpx.post(f"{there.url}/v1/images/generations", json=asked, headers=behind, timeout=PATIENCE).json()
    assert made["data"][0]["url"].startswith("https://abc.gradio.live/v1/images/")


def test_a_link_is_for_whoever_asked_for_it_alone(tmp_path: Path, checkpoints: Checkpoints) -> None:
    asked = {"prompt": "a tree", "steps": 1, "response_format": "url"}
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"private": True})) as there, httpx.Client() as one:
        one.get(there.url)  # for its cookie
        made = one.post(f"{there.url}/v1/images/generations", json=asked, timeout=PATIENCE).json()
        link = made["data"][0]["url"]
        assert one.get(link).status_code == 200
        with httpx.Client() as other:
            assert other.get(link).status_code == 404
            other.get(there.url)
            assert other.get(link).status_code == 404
        made = httpx.post(f"{there.url}/v1/images/generations", json=asked, timeout=PATIENCE).json()
        assert httpx.get(made["data"][0]["url"]).status_code == 200  # a program without a cookie knows the link alone


def test_links_end_and_give_way_to_newer_ones() -> None:
    links, anybody = Links(seconds=0, most_bytes=10), Caller()
    with pytest.raises(UnknownPicture):
        links.find(links.keep(b"old", "png", ""), anybody, False)
    links = Links(most_bytes=10)
    first, second = links.keep(b"6 byte", "png", ""), links.keep(b"six mo", "jpeg", "")
    assert links.find(second, anybody, False).content == b"six mo"
    with pytest.raises(UnknownPicture, match="expired"):
        links.find(first, anybody, False)


@pytest.mark.parametrize("id", ["0" * 32, "..%2fmodels", "x"])
def test_there_are_no_other_pictures(there: Served, id: str) -> None:
    answer = httpx.get(f"{there.url}/v1/images/{id}/content", timeout=PATIENCE)
    assert answer.status_code in (400, 404)


# Clients that go away


def test_a_client_that_gives_up_ends_its_job_and_no_other(client: openai.OpenAI, there: Served) -> None:
    other = there.engine.submit(there.engine.request({"prompt": "another's"} | LONG))
    try:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=1).images.generate(**SLOW)
        until(lambda: [job.id for job in there.engine.jobs()] == [other.id])
        assert not other.done
    finally:
        other.cancel()
    until(lambda: not there.engine.jobs())


def test_an_async_client_cancels_by_cancelling(there: Served) -> None:
    async def cancelled() -> None:
        async with openai.AsyncOpenAI(base_url=f"{there.url}/v1", api_key="any") as client:
            asking = asyncio.ensure_future(client.images.generate(**SLOW))
            while not there.engine.jobs():
                await asyncio.sleep(0.02)
            (job,) = there.engine.jobs()
            asking.cancel()
            while not job.done:
                await asyncio.sleep(0.02)
            assert isinstance(job.latest, Cancelled)

    asyncio.run(asyncio.wait_for(cancelled(), PATIENCE))
