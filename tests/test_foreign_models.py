"""No field of any door names a repo or a file to load: whatever is sent, only models of the registry are touched."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from models.device import Device
from models.registry import registry
from models.residency import Residency
from tests.published import from_folder
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

REPO = "somebody/else"
SMALL = {"prompt": "a boat", "steps": 1, "width": 64, "height": 64, "num_inference_steps": 1, "size": "64x64"}
COMPARED = {"prompts": ["a boat"], "models": ["tiny"], "steps": [1]}
BEGUN = ("open", "os.listdir", "os.scandir", "socket.getaddrinfo", "socket.connect")


class Watch:
    """What this process opens of a folder, and which other machines it asks for. An audit hook can't be taken back."""

    def __init__(self) -> None:
        self.folder, self.touched = "", list[str]()
        sys.addaudithook(self._heard)

    def _heard(self, event: str, told: tuple[Any, ...]) -> None:
        if not self.folder or event not in BEGUN:
            return
        what = str(told[1] if event == "socket.connect" else told[0])
        asked = event.startswith("socket.") and "127.0.0.1" not in what
        if asked or what.startswith(self.folder) or REPO.partition("/")[0] in what:
            self.touched.append(f"{event} {what}")


WATCH = Watch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    with served(two_models(folder, checkpoints["sd"], comparison={"folder": "kept"})) as there:
        yield there


@pytest.fixture
def foreign(tmp_path: Path, checkpoints: Checkpoints, server: Served) -> Iterator[tuple[str, ...]]:
    """A checkpoint that could be loaded, and a repo. Whoever touches one of them fails the test."""
    folder = tmp_path / "foreign"
    shutil.copytree(checkpoints["sd"], folder)
    (file,) = list(folder.glob("unet/*.safetensors"))[:1]
    WATCH.touched.clear()
    WATCH.folder = str(folder)
    yield str(folder), str(file), REPO, f"https://huggingface.co/{REPO}"
    WATCH.folder = ""
    assert WATCH.touched == []
    assert {job.request.model for job in server.engine.jobs()} <= set(server.engine.models) == {"tiny", "plain"}


def operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each path that takes a JSON object, and the names of its fields."""
    for path, methods in schema["paths"].items():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        for part in _parts(body.get("schema", {}), schema):
            yield path, list(part.get("properties", {}))


def _parts(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if named := found.get("$ref"):
        yield schema["components"]["schemas"][named.rpartition("/")[2]]
    for part in found.get("anyOf", [found]):
        if part is not found:
            yield from _parts(part, schema)
        elif part.get("type") == "object":
            yield part


def test_what_is_loaded_is_seen(foreign: tuple[str, ...]) -> None:
    spec = from_folder("sd", Path(foreign[0]))
    device = Device("cpu", "CPU", "float32", "a test", 1 << 40)
    Residency(registry([spec]), device).acquire(spec, lambda event: None)
    assert any("model_index.json" in touched for touched in WATCH.touched)
    WATCH.touched.clear()


def test_the_doors_for_programs_load_what_is_on_offer_alone(server: Served, foreign: tuple[str, ...]) -> None:
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        found = list(operations(client.get("/openapi.json").json()))
        settings = list(client.get("/sdapi/v1/options").json())
        assert {"/v1/images/generations", "/sdapi/v1/txt2img", "/sdapi/v1/options"} <= {path for path, _ in found}
        for value in foreign:
            nested = {
                "override_settings": dict.fromkeys(settings, value),
                "alwayson_scripts": {value: {"args": [value]}},
            }
            for path, fields in found:
                for field in {*fields, *(settings if path.endswith("/options") else ())}:
                    for shape in (value, [value], {value: value}, nested.get(field, value)):
                        answer = client.post(
                            path, json={**SMALL, field: shape} if "prompt" in fields else {field: shape}
                        )
                        assert answer.status_code in (200, 400, 404, 422, 501), (path, field, answer.text)
            for path, model in (("/v1/images/generations", "model"), ("/sdapi/v1/options", "sd_model_checkpoint")):
                assert client.post(path, json={"prompt": "a boat", model: value}).status_code in (400, 404)


def test_the_pages_endpoints_load_what_is_on_offer_alone(server: Served, foreign: tuple[str, ...]) -> None:
    client = Client(server.url, verbose=False)
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {"/generate", "/compare"} <= set(named)
    asked: dict[str, dict[str, Any]] = {
        "/generate": {"prompt": "a boat", "steps": 1},
        "/compare": {"prompts": ["a boat"]},
    }
    for value in foreign[1:3]:
        for door, base in asked.items():
            for parameter in [one["parameter_name"] for one in named[door]["parameters"]]:
                with suppress(AppError):
                    client.predict(api_name=door, **{**base, parameter: [value] if door == "/compare" else value})
    with pytest.raises(AppError, match="not on offer"):
        client.predict("a boat", model=foreign[0], api_name="/generate")


def test_the_tools_of_assistants_load_what_is_on_offer_alone(server: Served, foreign: tuple[str, ...]) -> None:
    async def call() -> None:
        async with (
            streamable_http_client(f"{server.url}/mcp") as (reads, writes, _),
            ClientSession(reads, writes, timedelta(seconds=PATIENCE)) as client,
        ):
            await client.initialize()
            for tool in (await client.list_tools()).tools:
                for value in foreign[1:3]:
                    for field in tool.inputSchema.get("properties", {}):
                        base = {"prompt": "a boat", "steps": 1} if "prompt" in tool.inputSchema["properties"] else {}
                        await client.call_tool(tool.name, {**base, field: value})
                        await client.call_tool(tool.name, {**base, field: [value]})
            refused = await client.call_tool("generate_image", {"prompt": "a boat", "model": foreign[0]})
            assert refused.isError

    anyio.run(call)
