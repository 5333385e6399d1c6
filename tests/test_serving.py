"""Where the page is served, and who is let in."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest
from gradio_client import Client

from access.accounts import password_hash
from access.listing import put
from config import Server
from errors import ConfigError
from terminal.address import address, free_port
from tests.deployments import entry, written
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]

SERVER = Server(host="127.0.0.1", port=7860)
SPACE = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7861"}


def test_the_command_line_wins_over_the_environment_over_the_configuration() -> None:
    assert address(SERVER, None, None, {}) == SERVER
    assert address(SERVER, None, None, SPACE) == Server(host="0.0.0.0", port=7861)
    assert address(SERVER, "::1", 0, SPACE) == Server(host="::1", port=0)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "\x1b[31m"])
def test_a_port_in_the_environment_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ConfigError, match=r"GRADIO_SERVER_PORT is '.*'\. Accepted are 0 to 65535\."):
        address(SERVER, None, None, {"GRADIO_SERVER_PORT": port})


def test_port_0_is_any_free_one() -> None:
    assert free_port(Server(port=0)) > 0


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match=r"cannot be opened \(Address already in use\).*--port"):
            free_port(Server(port=taken.getsockname()[1]))


def test_a_host_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        free_port(Server(host="no.such.host.invalid"))


@contextmanager
def serving(config: Path, *arguments: str) -> Iterator[httpx.Client]:
    """A visitor of `python app.py serve` in a process of its own, which an interrupt then ends."""
    command = [sys.executable, str(ROOT / "app.py"), "serve", "--config", str(config), *arguments]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().removeprefix("Darkroom is at ").strip()
            with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
                yield visitor
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=PATIENCE)
            assert server.returncode == 0
            assert "Traceback" not in said
        finally:
            server.kill()  # where something above failed


def test_serve_says_where_it_is_and_lets_in_whom_the_file_names(tmp_path: Path, checkpoints: Checkpoints) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), server={"port": 0})
    users = tmp_path / "users.txt"
    put(users, "ada", password_hash("love and lace"))
    with serving(config, "--auth-file", str(users)) as visitor:
        assert visitor.get("/config").status_code == 401
        assert visitor.post("/login", data={"username": "ada", "password": "hate"}).status_code == 401
        assert visitor.post("/login", data={"username": "ada", "password": "love and lace"}).status_code == 200
        assert visitor.get("/config").status_code == 200
        assert visitor.get("/config").json()["username"] == "ada"


def cards(visitor: httpx.Client) -> str:
    """The models as the page shows them, asked for in the way that its clock asks."""
    events = visitor.get("/config").json()["dependencies"]
    (clock,) = (event["id"] for event in events if any(name == "tick" for _, name in event["targets"]))
    answer = visitor.post("/gradio_api/run/predict", json={"fn_index": clock, "data": []})
    return str(answer.json()["data"])


def test_the_first_model_that_serve_is_told_to_offer_is_the_default_and_preloaded(
    tmp_path: Path, checkpoints: Checkpoints
) -> None:
    bench = written(tmp_path, *(entry(name, checkpoints["sd"]) for name in ("one", "two", "three")))
    with serving(bench, "--port", "0", "--models", "three, two", "--preload") as visitor:
        end = time.monotonic() + PATIENCE
        while "on the device" not in (shown := cards(visitor)):
            assert time.monotonic() < end, "it was never loaded"
            time.sleep(0.1)
        assert re.findall('value="([a-z]+)"', shown) == ["three", "two"]
        assert shown.index("on the device") < shown.index('value="two"')


def test_an_interrupt_ends_a_server_that_is_at_work(tmp_path: Path, checkpoints: Checkpoints) -> None:
    """Its run would take an hour."""
    config = written(tmp_path, entry("tiny", checkpoints["sd"], max_pixels=512 * 512))
    with serving(config, "--port", "0") as visitor:
        client = Client(str(visitor.base_url), verbose=False)
        running = client.submit("a boat", steps=900, width=512, height=512, count=8, api_name="/generate")
        while next(running)[1]["state"] != "step":
            pass
