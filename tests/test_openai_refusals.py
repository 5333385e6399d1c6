"""What the images API refuses, and how: the SDK's own errors, and bodies that no SDK would send."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from api.openai.asked import Asked
from generation.request import GenerationRequest
from tests.openai_server import many_models
from tests.serving import LONG, Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    path = many_models(tmp_path_factory.mktemp("deployment"), checkpoints, queue={"size": 1})
    with served(path) as one:
        yield one


@pytest.fixture(scope="module")
def client(there: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as one:
        yield one


REFUSED: list[tuple[dict[str, Any], str, str, str]] = [  # what is sent; the error's param, code and words
    ({"n": 9}, "n", "invalid_value", "1 to 8"),
    ({"n": 0}, "n", "invalid_value", "greater than or equal to 1"),
    ({"n": "2"}, "n", "invalid_value", "valid integer"),
    ({"size": "65x64"}, "size", "invalid_value", "multiple of 8; try 64"),
    ({"size": "1024x1024"}, "size", "invalid_value", "at most 65536"),
    ({"size": "large"}, "size", "invalid_value", "'large'"),
    ({"background": "transparent"}, "background", "invalid_value", "'auto' or 'opaque'"),
    ({"output_format": "gif"}, "output_format", "invalid_value", "'png', 'jpeg' or 'webp'"),
    ({"output_compression": 50}, "output_compression", "invalid_value", "a PNG loses nothing"),
    ({"output_format": "webp", "output_compression": 101}, "output_compression", "invalid_value", "101"),
    ({"partial_images": 4}, "partial_images", "invalid_value", "less than or equal to 3"),
    ({"quality": "best"}, "quality", "invalid_value", "'best'"),
    ({"prompt": "x" * 4001}, "prompt", "invalid_value", "4001 characters"),
    ({"prompt": "a\x00b"}, "prompt", "invalid_value", "U\\+0000"),
    ({"extra_body": {"prompt": None}}, "prompt", "invalid_value", "valid string"),
    ({"extra_body": {"sampler": "Magic"}}, "sampler", "invalid_value", "Choose one of: Default, Euler"),
    ({"extra_body": {"steps": 1001}}, "steps", "invalid_value", "1 to 1000"),
    ({"extra_body": {"num_inference_steps": 1001}}, "num_inference_steps", "invalid_value", "1 to 1000"),
    ({"extra_body": {"steps": 3, "num_inference_steps": 4}}, "num_inference_steps", "invalid_value", "Send one"),
    ({"extra_body": {"cfg_scale": 99}}, "cfg_scale", "invalid_value", "1.0 to 30.0"),
    ({"extra_body": {"seed": 2**32}}, "seed", "invalid_value", "4294967296"),
    ({"extra_body": {"cfg": 3}}, "cfg", "unknown_parameter", "Known are: prompt, model"),
]


@pytest.mark.parametrize(("sent", "param", "code", "words"), REFUSED, ids=[str(sent)[:50] for sent, *_ in REFUSED])
def test_a_refusal_names_the_field_as_it_was_sent(
    client: openai.OpenAI, there: Served, sent: dict[str, Any], param: str, code: str, words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words) as caught:
        client.images.generate(**{"prompt": "a tree", **sent})
    error = caught.value
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert not there.engine.jobs()


def test_a_model_that_is_not_on_offer_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="'dall-e-3', which is not on offer") as caught:
        client.images.generate(prompt="a tree", model="dall-e-3")
    assert (caught.value.param, caught.value.code) == ("model", "model_not_found")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("segmind/SSD-1B")


def test_a_model_that_cannot_be_had_is_said_once(there: Served) -> None:
    with (
        openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", timeout=PATIENCE) as patient,
        pytest.raises(openai.InternalServerError, match="nowhere") as caught,
    ):
        patient.images.generate(prompt="a tree", model="gone")
    assert (caught.value.status_code, caught.value.code) == (503, "model_unavailable")
    assert caught.value.response.headers["x-should-retry"] == "false"  # nobody downloads in vain three times


def test_what_is_not_offered_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError):
        client.images.edit(image=b"x", prompt="a tree")
    with pytest.raises(openai.NotFoundError, match="POST /v1/chat/completions") as caught:
        client.chat.completions.create(model="tiny-0", messages=[{"role": "user", "content": "draw"}])
    assert caught.value.code == "unknown_url"


# A queue that is full


def test_a_full_queue_says_when_to_come_back(client: openai.OpenAI, there: Served) -> None:
    request = there.engine.request({"prompt": "another's"} | LONG)
    jobs = [there.engine.submit(request)]
    until(lambda: jobs[0].phase != "queued")
    jobs.append(there.engine.submit(request))
    try:
        with pytest.raises(openai.RateLimitError, match="Try again in") as caught:
            client.images.generate(prompt="a tree")
        assert int(caught.value.response.headers["retry-after"]) >= 1
        assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "rate_limit_error")
    finally:
        for job in jobs:
            job.cancel()
    until(lambda: not there.engine.jobs())


def test_the_sdk_comes_back_by_itself(there: Served) -> None:
    request = there.engine.request({"prompt": "another's"} | LONG)
    jobs = [there.engine.submit(request)]
    until(lambda: jobs[0].phase != "queued")
    jobs.append(there.engine.submit(request))
    refused = threading.Event()

    def seen(answer: Any) -> None:
        if answer.status_code == 429:
            answer.headers["retry-after"] = "0.1"
            refused.set()

    def ended() -> None:
        refused.wait(PATIENCE)
        for job in jobs:
            job.cancel()

    ending = threading.Thread(target=ended)
    ending.start()
    with openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", max_retries=100, timeout=PATIENCE) as patient:
        patient._client.event_hooks = {"response": [seen], "request": []}
        assert patient.images.generate(prompt="a tree").data
    ending.join()
    assert refused.is_set()


# What no SDK sends

RAW = [
    ("{", 400, "invalid_json"),
    ("", 400, "missing_required_parameter"),
    ("[]", 400, "invalid_value"),
    ("null", 400, "invalid_value"),
    ('"a tree"', 400, "invalid_value"),
    ("{}", 400, "missing_required_parameter"),
    ('{"prompt": "a", "guidance_scale": NaN}', 400, "invalid_value"),
    ('{"prompt": "a", "guidance_scale": 1e400}', 400, "invalid_value"),
    ('{"prompt": "a", "seed": ' + "9" * 5000 + "}", 400, None),
    ('{"prompt": "\\ud800"}', 400, "invalid_value"),
    ('{"prompt": "a", "\\ud800": 1}', 400, "invalid_value"),
    ('{"prompt": "a", "model": "\\ud800"}', 400, "invalid_value"),
    ('{"prompt": "a", "model": "\\u0000"}', 404, "model_not_found"),
    ('{"prompt": ' * 5000 + "1" + "}" * 5000, 400, None),
    ('{"prompt": "a", "model": {}}', 400, "invalid_value"),
    ('{"prompt": "a", "n": true}', 400, "invalid_value"),
    ('{"prompt": "a", "stream": "yes"}', 400, "invalid_value"),
]


@pytest.mark.parametrize(("body", "status", "code"), RAW, ids=[body[:40] for body, *_ in RAW])
def test_anything_else_is_refused_in_the_same_form(there: Served, body: str, status: int, code: str | None) -> None:
    url = f"{there.url}/v1/images/generations"
    answer = httpx.post(url, content=body, headers={"content-type": "application/json"}, timeout=PATIENCE)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == code
    assert not there.engine.jobs()


@pytest.mark.parametrize(("path", "code"), [("embeddings", "unknown_url"), ("models/a%0Ab", "not_found")])
def test_a_path_that_is_none_is_answered_in_the_same_form(there: Served, path: str, code: str) -> None:
    answer = httpx.get(f"{there.url}/v1/{path}", timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_a_wrong_method_is_told_the_right_one(there: Served) -> None:
    answer = httpx.get(f"{there.url}/v1/images/generations", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_every_field_of_a_request_has_a_name_here() -> None:
    """So that no refusal speaks of a field that a client has never heard of."""
    asked = Asked(prompt="a")
    assert {asked.name(field) for field in GenerationRequest.model_fields} <= set(Asked.model_fields)
