"""The images API of a server that asks for a key, and of one that is about to end."""

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.openai_server import SLOW, images, many_models
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

KEYS = {name: f"darkroom-test-key-of-{name}-{'x' * 32}" for name in ("anna", "bert")}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    path = many_models(tmp_path_factory.mktemp("deployment"), checkpoints, gallery={"private": True})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DARKROOM_API_KEYS", ",".join(f"{name}:{key}" for name, key in KEYS.items()))
        with served(path) as one:
            yield one


def client(there: Served, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{there.url}/v1", api_key=key, max_retries=0, timeout=PATIENCE)


def test_without_a_key_that_is_known_nobody_gets_anything(there: Served) -> None:
    with client(there, "sk-wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as caught:
            stranger.images.generate(prompt="a tree")
        assert (caught.value.code, caught.value.type) == ("invalid_api_key", "invalid_request_error")
        with pytest.raises(openai.AuthenticationError):
            stranger.models.list()
    assert httpx.get(f"{there.url}/v1/models", timeout=PATIENCE).status_code == 401


def test_a_link_opens_with_the_key_it_was_asked_for_with(there: Served) -> None:
    with client(there, KEYS["anna"]) as anna:
        (image,) = images(anna.images.generate(prompt="a tree", response_format="url"))
    assert image.url

    def status(headers: dict[str, str]) -> int:
        return httpx.get(str(image.url), headers=headers, timeout=PATIENCE).status_code

    assert status({"Authorization": f"Bearer {KEYS['anna']}"}) == 200
    assert status({"Authorization": f"Bearer {KEYS['bert']}"}) == 404
    assert status({}) == 401


def test_a_server_that_ends_says_that_it_will_be_back(there: Served) -> None:
    """The last test here: afterwards no job is taken."""
    with client(there, KEYS["anna"]) as anna:
        stream = anna.images.generate(**SLOW, stream=True)
        until(lambda: [job.phase for job in there.engine.jobs()] == ["denoising"])
        there.engine.close()
        with pytest.raises(openai.APIError, match="was stopped") as interrupted:
            list(stream)
        assert interrupted.value.code == "interrupted"
        with pytest.raises(openai.InternalServerError, match="being shut down") as caught:
            anna.images.generate(prompt="a tree")
    assert (caught.value.status_code, caught.value.code) == (503, "server_shutting_down")
    assert int(caught.value.response.headers["retry-after"]) > 0
