"""Events bring values, and no files: gradio would fetch and keep whatever address stands in one."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.page_events import Visitor
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints
from ui.inputs import REFUSED, brings_a_file

ADDRESS = "https://somewhere.example/large.bin"
FILE: dict[str, Any] = {"path": ADDRESS, "url": ADDRESS, "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("inputs"), checkpoints["sd"])) as there:
        yield there


@pytest.mark.parametrize("value", [FILE, [[FILE]], {"prompt": {"deep": [FILE]}}, FILE | {"path": "/etc/passwd"}])
def test_a_file_is_refused_wherever_it_stands(server: Served, value: Any) -> None:
    visitor = Visitor(server.url)
    (stop, *_), (clock, *_) = visitor.ids("stop"), visitor.ids("standing")
    asked = {
        "/gradio_api/call/generate": {"data": [value, *[None] * 9]},
        "/gradio_api/call/v2/generate": {"prompt": value},
        "/gradio_api/queue/join": {"fn_index": stop, "data": [value], "session_hash": "mine"},
        "/gradio_api/run/predict": {"fn_index": clock, "data": [value], "session_hash": "mine"},
    }
    for path, said in asked.items():
        for body in (json.dumps(said).encode(), json.dumps(said).encode("utf-16"), escaped(said)):
            answer = visitor.http.post(path, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json().get("detail")) == (400, REFUSED), path
    visitor.close()


def escaped(said: Any) -> bytes:
    """The same with every letter of "meta" and "path" written as a number."""
    body = json.dumps(said)
    for word in ("meta", "path"):
        body = body.replace(f'"{word}"', '"' + "".join(f"\\u{ord(letter):04x}" for letter in word) + '"')
    return body.encode()


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b'{"data": ["a path", "meta"]}', b'{"path": 1}'])
def test_what_has_no_file_is_let_through(body: bytes) -> None:
    assert not brings_a_file(body)


def test_what_is_no_json_is_still_refused_by_gradio(server: Served) -> None:
    for body in (b"{", b"[" * 100_000):
        answer = httpx.post(
            f"{server.url}/gradio_api/call/generate", content=body, headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500


def test_a_value_still_comes_through_as_it_was_sent(server: Served) -> None:
    visitor = Visitor(server.url)
    _, details = visitor.made("ünd \U0001f600 more " + "x" * 2000)
    assert details["request"]["prompt"] == "ünd \U0001f600 more " + "x" * 2000
    visitor.close()
