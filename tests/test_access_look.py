"""Where whoever has not logged in may look: they see all, and make and change nothing at any door."""

from collections.abc import Iterator

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from access.accounts import password_hash
from access.listing import put
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

SECRET = "love and lace"
ASKED = {"prompt": "a boat"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("look")
    put(folder / "users.txt", "ada", password_hash(SECRET))
    access = {"users": "users.txt", "anonymous": "look"}
    folders = {name: {"folder": name} for name in ("gallery", "comparison")}
    with served(two_models(folder, checkpoints["sd"], access=access, **folders)) as one:
        yield one


@pytest.mark.parametrize("path", ["/", "/config", "/v1/models", "/sdapi/v1/sd-models", "/gallery/page"])
def test_everybody_sees_what_there_is(server: Served, path: str) -> None:
    assert httpx.get(f"{server.url}{path}", timeout=PATIENCE).status_code == 200


@pytest.mark.parametrize("path", ["/v1/images/generations", "/sdapi/v1/txt2img", "/sdapi/v1/unload-checkpoint", "/mcp"])
def test_programs_that_do_not_say_who_they_are_do_nothing(server: Served, path: str) -> None:
    assert httpx.post(f"{server.url}{path}", json=ASKED, timeout=PATIENCE).status_code == 401


@pytest.mark.parametrize("door", ["/generate", "/compare"])
def test_the_pages_own_endpoints_make_nothing_for_them(server: Served, door: str) -> None:
    asked = {"/generate": ("a boat",), "/compare": (["a boat"], ["tiny"], [7])}
    client = Client(server.url, verbose=False)
    with pytest.raises(AppError, match="Log in for that"):
        client.predict(*asked[door], api_name=door)
    assert not server.engine.jobs()


def test_whoever_logs_in_makes_pictures(server: Served) -> None:
    client = Client(server.url, verbose=False, auth=("ada", SECRET))
    files, _ = client.predict("a boat", steps=1, api_name="/generate")
    assert len(files) == 1
