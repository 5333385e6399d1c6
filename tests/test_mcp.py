"""The tools for AI assistants, with the protocol's own client over streamable HTTP against a real server."""

from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError
from PIL import Image

from api.mcp.pictures import content, smaller
from config import Server
from generation import infotext
from generation.events import Cancelled, Picture
from generation.job import Job
from recipes.reading import read
from terminal.opening import Opening
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE


def message(method: str, id: int, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


ACCEPTS = {"accept": "application/json, text/event-stream"}
CLIENT = {"name": "one without the SDK", "version": "1"}
GREETING = message("initialize", 0, protocolVersion=types.LATEST_PROTOCOL_VERSION, capabilities={}, clientInfo=CLIENT)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@asynccontextmanager
async def session(here: Served) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{here.url}/mcp") as (reads, writes, _),
        ClientSession(reads, writes, timedelta(seconds=PATIENCE)) as client,
    ):
        await client.initialize()
        yield client


def called(here: Served, tool: str, /, **arguments: Any) -> types.CallToolResult:
    async def call() -> types.CallToolResult:
        async with session(here) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(call)


def images(result: types.CallToolResult) -> list[bytes]:
    return [b64decode(block.data) for block in result.content if isinstance(block, types.ImageContent)]


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


async def until(true: Callable[[], Any]) -> None:
    with anyio.fail_after(PATIENCE):
        while not true():
            await anyio.sleep(0.02)


async def developing(here: Served) -> Job:
    await until(lambda: any(job.phase == "denoising" for job in here.engine.jobs()))
    return here.engine.jobs()[0]


# What there is


def test_exactly_three_tools_are_listed_and_nothing_else(here: Served) -> None:
    async def listed() -> tuple[types.ServerCapabilities | None, list[types.Tool]]:
        async with session(here) as client:
            return client.get_server_capabilities(), (await client.list_tools()).tools

    capabilities, tools = anyio.run(listed)
    assert [tool.name for tool in tools] == ["generate_image", "list_models", "compare_models"]
    assert capabilities is not None
    assert [name for name, value in capabilities.model_dump().items() if value] == ["tools"]


def test_the_tools_say_what_they_take_in_words_and_limits(here: Served) -> None:
    async def listed() -> list[types.Tool]:
        async with session(here) as client:
            return (await client.list_tools()).tools

    generate, models, compare = anyio.run(listed)
    takes = generate.inputSchema["properties"]
    assert takes["model"]["enum"] == ["tiny", "plain"]
    assert takes["model"]["default"] == "tiny"
    assert here.engine.models["tiny"].good_at in takes["model"]["description"]
    assert (takes["steps"]["minimum"], takes["steps"]["maximum"]) == (1, 1000)
    assert takes["count"]["maximum"] == here.engine.limits.count
    assert "plain: only these words are known: a" in takes["prompt"]["description"]
    assert generate.inputSchema["required"] == ["prompt"]
    assert models.inputSchema["properties"] == {}
    assert compare.inputSchema["properties"]["models"]["items"]["enum"] == ["tiny", "plain"]
    assert all(tool.description and len(tool.description) > 100 for tool in (generate, models, compare))


def test_a_browser_that_comes_to_the_address_is_told_what_it_is(here: Served) -> None:
    answer = httpx.get(f"{here.url}/mcp", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, DELETE")
    assert "MCP" in answer.text


def test_a_deployment_may_do_without(tmp_path: Path, checkpoints: Checkpoints) -> None:
    with served(two_models(tmp_path, checkpoints["sd"], server={"mcp": False})) as there:
        assert httpx.post(f"{there.url}/mcp", json={}, timeout=PATIENCE).status_code in (404, 405)


@pytest.mark.parametrize(
    ("configured", "public", "open_"),
    [(None, False, True), (None, True, False), (True, True, True), (False, False, False)],
)
def test_where_others_come_the_door_is_shut_unless_it_is_opened(
    configured: bool | None, public: bool, open_: bool
) -> None:
    assert Opening(Server(mcp=configured), why="a public link leads here" if public else None).mcp is open_


# What they do


def test_a_prompt_becomes_a_picture_with_its_recipe(here: Served) -> None:
    result = called(here, "generate_image", prompt="a lighthouse", seed=7, steps=3)
    assert not result.isError
    (png,) = images(result)
    assert result.structuredContent is not None
    request = result.structuredContent["request"]
    assert (request["prompt"], request["seed"], request["steps"], request["model"]) == ("a lighthouse", 7, 3, "tiny")
    assert infotext.read(infotext.inside(png) or "")["seed"] == 7
    assert '"seeds":[7]' in text(result)
    again = images(called(here, "generate_image", **request))
    assert again == [png]


def test_several_pictures_come_with_the_seed_of_each(here: Served) -> None:
    result = called(here, "generate_image", prompt="boats", seed=3, count=2, model="plain")
    assert result.structuredContent is not None
    assert result.structuredContent["seeds"] == [3, 4]
    assert [infotext.read(infotext.inside(png) or "")["seed"] for png in images(result)] == [3, 4]


def test_the_models_are_told_with_limits_licence_state_and_words(here: Served) -> None:
    result = called(here, "list_models")
    assert result.structuredContent is not None
    tiny, plain = result.structuredContent["models"]
    assert (tiny["name"], tiny["default"], tiny["words"]) == ("tiny", True, None)
    assert (plain["guidance_scale"], plain["steps"]) == (None, {"low": 1, "high": 8, "default": 3})
    assert "a" in plain["words"]
    assert tiny["licence"]["restrictions"]
    assert tiny["state"] in ("on disk", "warm", "on the device")
    assert "repo" not in tiny


def test_one_prompt_is_made_on_several_models_with_one_seed(here: Served) -> None:
    result = called(here, "compare_models", prompt="a cup", steps=2)
    assert result.structuredContent is not None
    seed, pictures = result.structuredContent["seed"], result.structuredContent["pictures"]
    assert [picture["model"] for picture in pictures] == ["tiny", "plain"]
    assert [picture["recipe"]["seeds"] for picture in pictures] == [[seed], [seed]]
    assert len(images(result)) == 2
    kinds = [block.type for block in result.content]
    assert kinds == ["text", "image", "text", "image", "text"]


# What they refuse


REFUSED = [
    ("generate_image", {}, "Prompt is missing"),
    ("generate_image", {"prompt": 7}, "Prompt is 7. Give a text"),
    ("generate_image", {"prompt": "a", "steps": 5000}, "Steps is 5000. Accepted are 1 to 1000"),
    ("generate_image", {"prompt": "a", "model": "nobody"}, "Choose one of: tiny, plain"),
    ("generate_image", {"prompt": "a", "model": "plain", "guidance_scale": 2}, "takes none"),
    ("generate_image", {"prompt": "a", "size": "64x64"}, "'size' is not a setting"),
    ("list_models", {"all": True}, "'all' is not a setting"),
    ("compare_models", {"prompt": "a", "models": "tiny"}, "Models is not a list"),
    ("compare_models", {"prompt": "a", "models": ["tiny", "tiny"]}, "names one twice"),
    ("compare_models", {"prompt": "a", "models": ["tiny", "nobody"]}, "not on offer"),
    ("compare_models", {"prompt": "a", "count": 2}, "'count' is not a setting"),
    ("compare_models", {"prompt": "a", "steps": 9}, "Steps is 9. Accepted are 1 to 8"),
    ("delete_everything", {}, "There is no tool 'delete_everything'. Tools are: generate_image"),
]


@pytest.mark.parametrize(("tool", "arguments", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_what_is_not_accepted_comes_back_as_the_tools_error(
    here: Served, tool: str, arguments: dict[str, Any], message: str
) -> None:
    before = len(here.engine.jobs())
    result = called(here, tool, **arguments)
    assert result.isError
    assert message in text(result)
    assert len(here.engine.jobs()) == before


# While it goes on, and when nobody waits any more


def test_progress_grows_while_the_picture_develops(here: Served) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def call() -> types.CallToolResult:
        async with session(here) as client:
            arguments = {"prompt": "a slow one", "steps": 12, "width": 128, "height": 128, "count": 2}
            return await client.call_tool("generate_image", arguments, progress_callback=hear)

    assert not anyio.run(call).isError
    progress = [progress for progress, *_ in told]
    assert progress == sorted(set(progress))
    assert {total for _, total, _ in told} == {100.0}
    assert progress[-1] <= 100.0
    assert any(message and "Developing 1 of 2: step" in message for *_, message in told)


def test_a_call_that_is_cancelled_stops_the_work(here: Served) -> None:
    async def call() -> Job:
        async with session(here) as client, anyio.create_task_group() as group:

            async def ask() -> None:
                with pytest.raises(McpError, match="cancelled"):
                    await client.call_tool("generate_image", {"prompt": "never", **LONG})

            group.start_soon(ask)
            job = await developing(here)
            told = types.CancelledNotificationParams(requestId=1)  # 0 was the greeting
            await client.send_notification(types.ClientNotification(types.CancelledNotification(params=told)))
            await until(lambda: job.done)
        return job

    assert isinstance(anyio.run(call).latest, Cancelled)
    assert images(called(here, "generate_image", prompt="the next one"))


def test_a_session_that_is_closed_stops_its_work(here: Served) -> None:
    async def call() -> Job:
        async with anyio.create_task_group() as group, session(here) as client:
            group.start_soon(client.call_tool, "generate_image", {"prompt": "never", **LONG})
            job = await developing(here)
            group.cancel_scope.cancel()
        return job

    job = anyio.run(call)
    anyio.run(until, lambda: job.done)
    assert isinstance(job.latest, Cancelled)


def test_a_client_that_is_gone_stops_the_work(here: Served) -> None:
    with httpx.Client(base_url=here.url, timeout=PATIENCE, headers=ACCEPTS) as http:
        http.headers["mcp-session-id"] = http.post("/mcp", json=GREETING).headers["mcp-session-id"]
        http.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        asked = message("tools/call", 1, name="generate_image", arguments={"prompt": "never", **LONG})
        with http.stream("POST", "/mcp", json=asked):
            job = anyio.run(developing, here)
        anyio.run(until, lambda: job.done)
    assert isinstance(job.latest, Cancelled)


# Where one has to say who one is

KEYS = {name: f"darkroom-test-key-of-{name}-{'x' * 32}" for name in ("anna", "bert")}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    path = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"], gallery={"private": True})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DARKROOM_API_KEYS", ",".join(f"{name}:{key}" for name, key in KEYS.items()))
        with served(path) as there:
            yield there


def test_a_key_lets_an_assistant_in_and_without_one_nothing_is_told(keyed: Served) -> None:
    async def made(http: httpx.AsyncClient) -> types.CallToolResult:
        async with (
            streamable_http_client(f"{keyed.url}/mcp", http_client=http) as (reads, writes, _),
            ClientSession(reads, writes, timedelta(seconds=PATIENCE)) as client,
        ):
            await client.initialize()
            return await client.call_tool("generate_image", {"prompt": "a key"})

    async def with_key() -> types.CallToolResult:
        headers = {"Authorization": f"Bearer {KEYS['anna']}"}
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE) as http:
            return await made(http)

    assert images(anyio.run(with_key))
    assert httpx.post(f"{keyed.url}/mcp", json=GREETING, headers=ACCEPTS, timeout=PATIENCE).status_code == 401


def test_nobody_goes_on_with_another_ones_session(keyed: Served) -> None:
    def post(who: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        headers |= {"Authorization": f"Bearer {KEYS[who]}"}
        return httpx.post(f"{keyed.url}/mcp", json=body, headers=ACCEPTS | headers, timeout=PATIENCE)

    session = {"mcp-session-id": post("anna", GREETING).headers["mcp-session-id"]}
    ping = message("ping", 1)
    assert post("anna", ping, **session).status_code == 200
    assert post("bert", ping, **session).status_code == 404


# How large a picture may be


def noisy(side: int) -> Picture:
    image = Image.effect_noise((side, side // 2), 90).convert("RGB")
    said = "noise\nSteps: 1, Sampler: Euler, Seed: 5, Size: 8x8"
    return Picture(0, 5, side, side // 2, infotext.png(image, said), said)


def test_a_small_picture_is_handed_on_as_it_is() -> None:
    picture = noisy(64)
    shown = content(picture, 100_000)
    assert (shown.mimeType, b64decode(shown.data)) == ("image/png", picture.png)


@pytest.mark.parametrize("most", [20_000, 100_000])
def test_a_large_one_is_made_to_fit_and_keeps_shape_and_recipe(most: int) -> None:
    picture = noisy(1024)
    shown = content(picture, most)
    small = b64decode(shown.data)
    assert shown.mimeType == "image/jpeg"
    assert len(small) <= most
    with Image.open(BytesIO(small)) as image:
        assert image.width / image.height == pytest.approx(2, rel=0.02)
    reading = read(small)
    assert reading.marked
    assert reading.recipe is not None
    assert reading.recipe.fields["seed"] == 5


def test_there_is_an_end_to_making_it_smaller() -> None:
    with Image.open(BytesIO(smaller(noisy(1024), 10))) as image:
        assert max(image.size) >= 64
