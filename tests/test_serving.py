"""Where the page is served, and who is let in."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest

from config import Server
from errors import ConfigError
from terminal.serving import accounts, address, free_port
from tests.deployments import entry, written
from tests.tiny import Checkpoints

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


def auth_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "users.txt"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_accounts_are_lines_of_user_and_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = auth_file(tmp_path, "# who may come in\nada:love:lace\n\nalan:turing\n")
    assert accounts(path) == [("ada", "love:lace"), ("alan", "turing")]
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada\n", "line 1 is not of the form user:password"),
        ("ada:\n", "line 1 is not of the form"),
        (":secret\n", "line 1 is not of the form"),
        ("ada:1\nada:secret\n", "line 2 names a user again"),
        ("# nobody\n", "names nobody"),
    ],
)
def test_a_malformed_file_is_refused_without_repeating_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        accounts(auth_file(tmp_path, text))
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        accounts(tmp_path / "none.txt")


def test_a_file_that_others_may_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    accounts(auth_file(tmp_path, "ada:secret\n", mode=0o644))
    assert "others may read it" in caplog.text
    assert "secret" not in caplog.text


def test_serve_says_where_it_is_and_lets_in_whom_the_file_names(tmp_path: Path, checkpoints: Checkpoints) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), server={"port": 0})
    command = [sys.executable, str(ROOT / "app.py"), "--config", str(config)]
    with subprocess.Popen([*command, "--auth-file", str(auth_file(tmp_path, "ada:love\n"))], stdout=PIPE) as server:
        assert server.stdout is not None
        url = server.stdout.readline().decode().removeprefix("Darkroom is at ").strip()
        with httpx.Client(base_url=url, timeout=60) as visitor:
            assert visitor.get("/config").status_code == 401
            assert visitor.post("/login", data={"username": "ada", "password": "hate"}).status_code == 400
            assert visitor.post("/login", data={"username": "ada", "password": "love"}).status_code == 200
            assert visitor.get("/config").status_code == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=120) == 0
