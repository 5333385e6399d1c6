"""The endpoints that programs rely on: their names and forms are kept, and nothing else is public."""

import json
from collections.abc import Iterator

import pytest
from gradio_client import Client

from tests.endpoints import DOCUMENT, documented
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    path = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])
    with served(path, tmp_path_factory.mktemp("outputs")) as there:
        yield there


@pytest.fixture(scope="module")
def client(page: Served) -> Client:
    return Client(page.url, verbose=False)


def test_names_parameters_and_returns_are_those_that_are_documented(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)
    assert documented(told) == json.loads(DOCUMENT.read_text(encoding="utf-8")), "python -m tests.endpoints rewrites it"
    assert told["unnamed_endpoints"] == {}


def test_no_other_event_of_the_page_is_public(client: Client) -> None:
    public = {event["api_name"] for event in client.config["dependencies"] if event["api_visibility"] != "private"}
    assert public == {"generate", "compare", "models"}


def test_the_models_are_listed_with_limits_licence_and_state(client: Client, page: Served) -> None:
    tiny, plain = client.predict(api_name="/models")
    spec = page.engine.models["tiny"]
    assert (tiny["name"], tiny["default"], tiny["sampler"], tiny["words"]) == ("tiny", True, spec.sampler, None)
    assert (plain["guidance_scale"], plain["steps"]) == (None, {"low": 1, "high": 8, "default": 3})
    assert plain["licence"]["name"] == page.engine.models["plain"].licence.name
    assert {tiny["state"], plain["state"]} <= {"on the device", "warm", "on disk"}
    assert "a" in plain["words"]


def test_nothing_tells_where_files_are_on_the_server(client: Client, page: Served) -> None:
    assert page.engine.models["tiny"].repo not in json.dumps(client.predict(api_name="/models"))
