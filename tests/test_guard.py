"""Who is answered at all: hosts, other sites, paths, and what every answer tells the browser. Over real HTTP."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from guard.guard import Guard
from guard.headers import policy
from guard.rules import LOCAL, Rules, parsed, rules, same
from tests.raw import Answer, Wire
from tests.serving import Served, served, two_models
from tests.test_page_api import posted
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

FRIEND = "https://friend.example"
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    known = Rules(hosts=LOCAL | {"draw.example"}, origins=frozenset({FRIEND}))
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"]), having={"rules": known}) as there:
        yield there


def asked(page: Served, line: str, *headers: str, body: bytes = b"", host: str | None = None) -> Answer:
    with Wire(page.url) as wire:
        return wire.ask(line, *headers, body=body, host=host)


def refused(answer: Answer, status: int, code: str) -> str:
    """The message, wherever the clients of that door look for it."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    told = json.loads(answer.body)
    if told["error"] == "HTTPException":  # A1111 has no codes
        return str(told["detail"])
    assert told["error"]["code"] == code
    assert told.get("detail", told["error"]["message"]) == told["error"]["message"]
    return str(told["error"]["message"])


# Hosts


STRANGERS = [
    *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xdraw.example", "evil", "10.0.0.1"),
    *("", "a b", "[::1", "x@localhost", "localhost:x", "localhost:-1", "localhost/evil"),
]


@pytest.mark.parametrize("host", STRANGERS)
def test_a_name_that_somebody_else_has_resolve_to_this_machine_is_not(page: Served, host: str) -> None:
    message = refused(asked(page, "GET /config", host=host), 403, "host_not_allowed")
    assert repr(host) in message
    assert "server.hosts" in message


def test_a_share_link_is_no_name_of_a_server_that_is_not_shared(page: Served) -> None:
    refused(asked(page, "GET /", host="abc.gradio.live"), 403, "host_not_allowed")


def test_what_a_deployment_goes_by() -> None:
    here = rules(["127.0.0.1"], share=False, others=False, environ={})
    assert here.host("localhost")
    assert not here.host("192.168.0.7")
    named = rules(["10.1.2.3", "Draw.Example"], share=False, others=True, environ={})
    assert all(
        named.host(name) for name in ("10.1.2.3", "draw.example", "192.168.0.7", "fe80::1", "darkroom", "box.local")
    )
    assert not named.host("evil.example")
    shared = rules(["127.0.0.1"], share=True, others=True, environ={})
    assert shared.host("0123abcd.gradio.live")
    assert not shared.host("evil.example")
    assert not shared.host("gradio.live.evil.example")
    space = {"SPACE_ID": "ada/darkroom", "SPACE_HOST": "ada-darkroom.hf.space"}
    there = rules(["0.0.0.0"], share=False, others=True, environ=space)
    assert there.host("ada-darkroom.hf.space")
    assert not there.host("abc.gradio.live")


@pytest.mark.parametrize("header", ["", ":80", "a@b", "a/b", "a?b", "a#b", "[::1", "a:b", " a"])
def test_what_names_no_host(header: str) -> None:
    assert parsed(header) is None


# Other sites


@pytest.mark.parametrize(
    ("origin", "host", "one"),
    [
        ("http://localhost:7860", "localhost:7860", True),
        ("https://abc.gradio.live", "abc.gradio.live", True),
        ("https://abc.gradio.live", "abc.gradio.live:443", True),
        ("http://LocalHost", "localhost:80", True),
        ("http://localhost:3000", "localhost:7860", False),
        ("http://evil.example", "localhost:7860", False),
        ("http://localhost", "localhost:7860", False),
        ("null", "null", False),
        ("file://", "localhost", False),
        ("localhost:7860", "localhost:7860", False),
        ("", "localhost", False),
    ],
)
def test_a_page_is_of_the_site_that_it_asks_or_is_not(origin: str, host: str, one: bool) -> None:
    assert same(origin, host) is one


@pytest.mark.parametrize(
    "path", ["/gradio_api/call/generate", "/gallery/zip", "/login", "/nowhere", "/v1/images/generations"]
)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3", "x"])
def test_a_page_of_another_site_changes_nothing(page: Served, path: str, origin: str) -> None:
    message = refused(asked(page, f"POST {path}", f"Origin: {origin}", JSON), 403, "origin_not_allowed")
    assert "server.origins" in message


def test_the_page_itself_and_programs_do(page: Served) -> None:
    call, body = f"{page.url}/gradio_api/call/generate", {"data": ["a cat"] + [None] * 9}
    assert httpx.post(call, json=body, timeout=PATIENCE).status_code == 200
    assert httpx.post(call, json=body, headers={"Origin": page.url}, timeout=PATIENCE).status_code == 200


def test_behind_a_proxy_that_says_so_the_page_is_asked_by_the_proxys_name(page: Served) -> None:
    headers = (
        "Origin: https://proxy.example",
        "X-Forwarded-Host: proxy.example, other.example",
        JSON,
        "Content-Length: 2",
    )
    assert asked(page, "POST /gradio_api/cancel", *headers, body=b"{}").status == 422  # as far as gradio itself


def test_what_another_site_asks_for_it_cannot_read(page: Served) -> None:
    for host in (None, "draw.example"):  # gradio by itself lets everyone read what is not at localhost
        answer = asked(page, "GET /config", "Origin: https://evil.example", host=host)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_another_site_that_asks_first_is_told_no(page: Served) -> None:
    wanted = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
    answer = asked(page, "OPTIONS /gradio_api/queue/join", "Origin: https://evil.example", *wanted)
    refused(answer, 403, "origin_not_allowed")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_site_that_is_configured_may_ask_and_read(page: Served) -> None:
    wanted = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
    first = asked(page, "OPTIONS /v1/models", f"Origin: {FRIEND}", *wanted)
    assert first.status == 204
    assert first.headers["access-control-allow-origin"] == FRIEND
    assert first.headers["access-control-allow-headers"] == "content-type"
    then = asked(page, "POST /gradio_api/cancel", f"Origin: {FRIEND}", JSON, "Content-Length: 2", body=b"{}")
    assert then.status == 422
    assert then.headers["access-control-allow-origin"] == FRIEND
    assert then.headers["vary"] == "Origin"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """As behind the tunnel of a share link, and as in a Space."""
    space = {"SPACE_ID": "ada/darkroom", "SPACE_HOST": "ada-darkroom.hf.space"}
    known = rules(["0.0.0.0"], share=True, others=True, environ=space)
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"]), having={"rules": known}) as there:
        yield there


@pytest.mark.parametrize(
    "host", ["0123456789abcdef.gradio.live", "ada-darkroom.hf.space", "10.1.2.3:7860", "darkroom:7860"]
)
def test_a_share_link_and_a_space_carry_the_page_and_what_it_sends(shared: Served, host: str) -> None:
    assert asked(shared, "GET /", host=host).status == 200
    own = (f"Origin: https://{host}", JSON, "Content-Length: 2")
    assert asked(shared, "POST /gradio_api/cancel", *own, body=b"{}", host=host).status == 422
    other = ("Origin: https://evil.example", JSON, "Content-Length: 2")
    refused(asked(shared, "POST /gradio_api/cancel", *other, body=b"{}", host=host), 403, "origin_not_allowed")


def test_no_prompt_and_no_line_of_somebody_elses_is_logged(page: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    posted(page.url, ["a very private cat"] + [None] * 9)
    asked(page, "GET /%0aERROR%20forged")
    asked(page, "GET /config", host="evil.example")
    assert not any(word in caplog.text for word in ("private cat", "forged", "evil"))


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/pwa_icon",
        "/pwa_icon/20000",
        "/PWA_icon/20000",
        "/%70wa_icon/20000",
        "/monitoring",
        "/monitoring/summary",
        "/gradio_api/startup-events",
        "/gradio_api/startup-events/",
        "/gradio_api/file=https://example.org/a.png",
        "/gradio_api/file=HTTP://example.org",
        "/gradio_api/file=http%3A//example.org",
        "/gradio_api/file=http:/example.org",
        "/gradio_api/file/https://example.org",
        "/gradio_api/proxy=https://ada-darkroom.hf.space/",
        "/gradio_api/token",
        "/gradio_api/openapi.json",
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/dev/reload",
        "/gradio_api/runs",
        "/gradio_api/profiling/traces",
        "/gradio_api/queue/status",
        "/gradio_api/stream/a/b/1/playlist.m3u8",
        "/gradio_api/upload_progress?upload_id=a",
        "/gradio_api/vibe-code",
        "/gradio_api/custom_component/a/b/c/d",
        "/gradio_api/call/a/b/c",
        "/%0a",
        "/assets/%00",
        f"/assets/{'a' * 256}",
        f"/static/{'%C3%A4' * 128}",
        "/gradio_api",
        "/gradio_api/",
    ],
)
def test_what_gradio_has_and_nobody_needs_is_not_there(page: Served, path: str) -> None:
    refused(asked(page, f"GET {path}"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "run/generate",
        "api/generate",
        "api/predict",
        "upload",
        "component_server",
        "process_recording",
        "vibe-edit/",
        "stream/a",
    ],
)
def test_nor_what_goes_past_the_queue_or_takes_files(page: Served, path: str) -> None:
    body = b'{"data": ["a cat"]}'
    refused(asked(page, f"POST /gradio_api/{path}", JSON, f"Content-Length: {len(body)}", body=body), 404, "not_found")


def test_a_queued_event_is_not_run_past_the_queue(page: Served) -> None:
    events = httpx.get(f"{page.url}/config", timeout=PATIENCE).json()["dependencies"]
    (generate,) = (event["id"] for event in events if event["api_name"] == "generate")
    body = json.dumps({"fn_index": generate, "data": ["a cat"] + [None] * 9}).encode()
    answer = asked(page, "POST /gradio_api/run/predict", JSON, f"Content-Length: {len(body)}", body=body)
    assert answer.status == 404
    assert "join the queue" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/config", "/theme.css", "/gradio_api/info", "/robots.txt", "/gradio_api/app_id"]
)
def test_what_the_page_and_its_clients_need_is_there(page: Served, path: str) -> None:
    assert asked(page, f"GET {path}").status == 200


SENSELESS = [
    ("/gradio_api/call/nope", b'{"data": []}'),
    ("/gradio_api/call/v2/nope", b"{}"),
    ("/gradio_api/call/v2/generate", b'{"data": 1}'),
    ("/gradio_api/call/generate", b'{"prompt": "\\ud800"}'),
    ("/gradio_api/queue/join", b'{"fn_index": -1, "data": [], "session_hash": "a"}'),
    ("/gradio_api/queue/join", b"[" * 100_000),
    ("/gradio_api/run/predict", b'{"data": []}'),
    ("/gradio_api/cancel", b'{"data": [NaN, 1e999]}'),
    ("/gradio_api/reset", b'{"\\ud800": 1}'),
]


@pytest.mark.parametrize(("path", "body"), SENSELESS)
def test_what_makes_no_sense_to_gradio_is_no_fault_of_the_server(page: Served, path: str, body: bytes) -> None:
    answer = asked(page, f"POST {path}", JSON, f"Content-Length: {len(body)}", body=body)
    assert answer.status in (400, 422)
    assert json.loads(answer.body)["detail"]


# Ranges


@pytest.fixture(scope="module")
def file(page: Served) -> str:
    """The path of a picture that gradio serves."""
    made = posted(page.url, ["a cat"] + [None] * 9)
    return str(made[0][0]["url"]).removeprefix(page.url)


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=1-2-3",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,5-6",
        "lines=0-1",
        f"bytes=0-{10**20}",
        "bytes=--1",
        "x",
        "",
    ],
)
def test_a_range_that_is_not_understood_is_refused(page: Served, file: str, wanted: str) -> None:
    refused(asked(page, f"GET {file}", f"Range: {wanted}"), 416, "invalid_range")


@pytest.mark.parametrize(("wanted", "status"), [("bytes=0-9", 206), ("bytes=5-", 206), ("bytes=-9", 206)])
def test_one_that_is_gets_its_bytes(page: Served, file: str, wanted: str, status: int) -> None:
    assert asked(page, f"GET {file}", f"Range: {wanted}").status == status


@pytest.mark.parametrize("wanted", ["bytes=999999999-", "bytes=9-5", "bytes=-0", "bytes=0-999999999999999999"])
def test_none_breaks_the_server(page: Served, file: str, wanted: str) -> None:
    assert asked(page, f"GET {file}", f"Range: {wanted}").status < 500


# What every answer tells the browser


@pytest.mark.parametrize("line", ["GET /", "GET /nowhere", "GET /pwa_icon", "POST /login", "GET /assets/none.js"])
def test_every_answer_is_read_as_what_it_says_and_framed_by_this_site_alone(page: Served, line: str) -> None:
    headers = asked(page, line).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]


def test_a_space_may_be_framed_by_hugging_face_and_a_shared_page_load_gradios_code() -> None:
    space = rules(["0.0.0.0"], share=False, others=True, environ={"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space"})
    assert "frame-ancestors 'self' https://huggingface.co" in policy(space)
    shared = rules(["127.0.0.1"], share=True, others=True, environ={})
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval' https://gradio.s3-us-west-2.amazonaws.com" in policy(shared)
    assert "https:" not in policy(Rules())


# What whoever counts hears


def heard(method: str, status: int, body: bytes = b"", held: int = 1000) -> list[str]:
    """Of a request to somebody behind the guard who reads it and answers with `status`."""
    told: list[str] = []

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await PlainTextResponse("", status)(scope, receive, send)

    async def ask() -> None:
        guard = Guard(answering, Rules(held=held), told.append, lambda: True)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
            headers = {"Content-Type": "application/json"} if body else {}
            await client.request(method, "http://127.0.0.1/run", content=body, headers=headers)

    asyncio.run(ask())
    return told


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "unauthorized"), (429, "too_many_requests"), (503, "unavailable")]
)
def test_whom_others_do_not_let_in_is_heard_of_once(status: int, reason: str) -> None:
    assert heard("POST", status) == [reason]
    assert heard("POST", 200) == heard("POST", 404) == []


def test_a_server_that_says_it_is_not_ready_refuses_nobody() -> None:
    assert heard("GET", 503) == []


def test_a_refusal_of_the_guards_own_is_heard_of_once() -> None:
    assert heard("POST", 200, b"x" * 100, held=99) == ["busy"]
