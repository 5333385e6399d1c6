"""The gate before a real server: what is to be had without saying who one is, and by which proof one is let in."""

import logging
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from openai import AuthenticationError, OpenAI

from access.accounts import password_hash
from access.keys import key_hash, new_key
from access.listing import put
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

SECRET, KEY, GIVEN = "love and lace", new_key(), new_key()
ADDRESSES = count(1)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

# What gradio itself asks nobody's name for, and a door of each kind.
CLOSED = (
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/gradio_api/info"),
    ("POST", "/gradio_api/cancel"),
    ("GET", "/gradio_api/heartbeat/abc"),
    ("POST", "/gradio_api/reset"),
    ("GET", "/gradio_api/app_id"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("GET", "/theme.css"),
    ("GET", "/robots.txt"),
    ("GET", "/static/img/logo.svg"),
    ("GET", "/manifest.json"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/gallery/page"),
    ("GET", "/reading/read"),
    ("GET", "/v1/models"),
    ("POST", "/v1/images/generations"),
    ("GET", "/sdapi/v1/sd-models"),
    ("POST", "/sdapi/v1/txt2img"),
    ("GET", "/internal/ping"),
    ("POST", "/mcp"),
    ("GET", "/metrics"),
    ("GET", "/no/such/thing"),
    ("OPTIONS", "/v1/models"),
)
SHUT = (  # by the guard, for everybody
    ("GET", "/gradio_api/startup-events"),
    ("GET", "/gradio_api/stream/abc/1/0/playlist.m3u8"),
    ("POST", "/gradio_api/stream/abc"),
    ("GET", "/gradio_api/token"),
    ("POST", "/gradio_api/upload"),
    ("GET", "/svelte/x.js"),
    ("GET", "/pwa_icon/192"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("guarded")
    put(folder / "users.txt", "ada", password_hash(SECRET))
    put(folder / "keys.txt", "laptop", key_hash(KEY))
    access = {"users": "users.txt", "keys": "keys.txt"}
    parts = {"access": access, "server": {"public": True}, "gallery": {"folder": "kept"}, "safety": {"policy": "off"}}
    path = two_models(folder, checkpoints["sd"], **parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DARKROOM_API_KEYS", f"bot:{GIVEN}")
        with served(path) as one:
            yield one


@pytest.fixture
def visitor(server: Served) -> Iterator[httpx.Client]:
    """Somebody who says nothing, at an address of their own, as the proxy tells that the server takes us for."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        client.headers["X-Forwarded-For"] = f"203.0.113.{next(ADDRESSES)}"
        yield client


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_nobody_gets_anything_without_saying_who_they_are(visitor: httpx.Client, method: str, path: str) -> None:
    answer = visitor.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith(("Bearer ", "Basic "))
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("method", "path"), SHUT)
def test_what_nobody_needs_is_not_even_there(visitor: httpx.Client, method: str, path: str) -> None:
    assert visitor.request(method, path, json={} if method == "POST" else None).status_code == 404


def test_what_everybody_gets_is_the_login_page_and_what_it_is_set_in(visitor: httpx.Client) -> None:
    page = visitor.get("/", headers=HTML)
    assert page.status_code == 401
    assert "Log in" in page.text
    assert "gradio" not in page.text.lower()
    assert visitor.get("/", headers=HTML | {"Accept-Language": "de-AT"}).text.count("Anmelden") == 1
    (font,) = {part.partition('"')[0] for part in page.text.split('url("')[1:2]}
    assert visitor.get(font).headers["content-type"].startswith("font/")
    assert visitor.get("/login").status_code == 200


def test_each_door_says_it_in_its_own_form(visitor: httpx.Client) -> None:
    openai = visitor.get("/v1/models")
    assert openai.json()["error"]["code"] == "invalid_api_key"
    assert openai.headers["www-authenticate"] == 'Bearer realm="Darkroom"'
    webui = visitor.get("/sdapi/v1/sd-models")
    assert webui.json()["error"] == "HTTPException"
    assert webui.headers["www-authenticate"].startswith("Basic ")
    assert visitor.get("/config").json()["detail"].startswith("Log in")


@pytest.mark.parametrize("key", [KEY, GIVEN], ids=["filed", "given"])  # random: every process has its own
def test_a_key_opens_every_door_as_bearer_and_as_the_password_of_anybody(visitor: httpx.Client, key: str) -> None:
    for proof in ({"headers": {"Authorization": f"Bearer {key}"}}, {"auth": ("anybody", key)}, {"auth": ("", key)}):
        assert visitor.get("/config", **proof).status_code == 200
        assert visitor.get("/v1/models", **proof).status_code == 200
    assert "set-cookie" not in visitor.get("/config", auth=("anybody", key)).headers


def test_an_account_opens_every_door_by_basic(visitor: httpx.Client) -> None:
    assert visitor.get("/config", auth=("ada", SECRET)).json()["username"] == "ada"
    assert visitor.get("/config", auth=("", KEY)).json()["username"] == "key:laptop"


@pytest.mark.parametrize("header", ["", "Basic", "Basic Og==", "Bearer"])
def test_an_empty_header_is_none(visitor: httpx.Client, header: str) -> None:
    assert "Log in, or send" in visitor.get("/config", headers={"Authorization": header}).text


def test_a_browser_logs_in_goes_where_it_wanted_to_and_logs_out(visitor: httpx.Client) -> None:
    form = visitor.get("/?prompt=a%20cat&seed=7", headers=HTML).text
    assert 'action="/login?next=/%3Fprompt%3Da%2520cat%26seed%3D7"' in form
    sent = {"username": "ada", "password": SECRET}
    answer = visitor.post("/login?next=/%3Fprompt%3Da%2520cat%26seed%3D7", data=sent, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?prompt=a%20cat&seed=7")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert visitor.get("/config").json()["username"] == "ada"
    assert visitor.get("/login").headers["location"] == "/"
    kept = dict(visitor.cookies)
    assert visitor.get("/logout").headers["location"] == "/"
    assert visitor.get("/config", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in kept.items())}).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_a_login_leads_nowhere_else(visitor: httpx.Client, target: str) -> None:
    sent = {"username": "ada", "password": SECRET}
    answer = visitor.post("/login", params={"next": target}, data=sent, headers=HTML)
    assert (
        httpx.URL(server_url := str(visitor.base_url)).join(answer.headers["location"]).host
        == httpx.URL(server_url).host
    )


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_a_login_is_a_small_form(visitor: httpx.Client, kind: str) -> None:
    body = f"username=ada&password={SECRET}"
    assert visitor.post("/login", content=body, headers={"Content-Type": kind}).status_code in (401, 415)
    assert visitor.post("/login", data={"username": "ada", "password": "x" * 20_000}).status_code in (401, 413)
    assert not visitor.cookies


def test_gradios_client_comes_in_by_login_and_by_key(server: Served) -> None:
    for options in ({"auth": ("ada", SECRET)}, {"headers": {"Authorization": f"Bearer {KEY}"}}):
        client = Client(server.url, verbose=False, **options)
        files, details = client.predict("a boat", steps=1, seed=7, api_name="/generate")
        assert details["seeds"] == [7]
        assert Path(files[0]).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="Invalid credentials"):
        Client(server.url, verbose=False, auth=("ada", "wrong"))


def test_openais_client_comes_in_by_key(server: Served) -> None:
    with OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
        assert "tiny" in [model.id for model in client.models.list()]
    with OpenAI(base_url=f"{server.url}/v1", api_key="sk-none", max_retries=0) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.models.list()
        assert caught.value.code == "invalid_api_key"


def test_whoever_guesses_waits_and_a_key_still_opens(visitor: httpx.Client) -> None:
    told = [visitor.get("/v1/models", auth=("alan", str(number))) for number in range(7)]
    assert [answer.status_code for answer in told] == [401] * 5 + [429] * 2
    assert told[-1].json()["error"]["type"] == "rate_limit_error"
    guess = {"username": "alan", "password": "x"}
    late = visitor.post("/login", data=guess)
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    assert "Try again in" in visitor.post("/login", data=guess, headers=HTML).text
    assert visitor.get("/config", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_nothing_secret_is_logged(visitor: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "this is nearly right"
    visitor.get("/config", auth=("grace", wrong))
    visitor.get("/config", headers={"Authorization": f"Bearer {wrong}"})
    visitor.post("/login", data={"username": "grace", "password": wrong})
    answer = visitor.post("/login", data={"username": "anybody", "password": KEY})
    assert answer.status_code == 200
    visitor.get("/config")
    assert "was not let in" in caplog.text
    assert "key:laptop logged in" in caplog.text
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    secrets = (wrong, wrong.replace(" ", "+"), KEY, visitor.cookies[next(iter(visitor.cookies))])
    assert not any(secret in ours for secret in secrets)  # what the test's own client logs is not ours
