"""Public mode at the start of a real process: what is refused, what is told, and a public link without the internet."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from gradio.networking import GRADIO_API_SERVER

import app
from access.accounts import password_hash
from access.listing import put
from config import load
from errors import ConfigError
from terminal.opening import Asked, Opening, banner, opening
from terminal.public_link import OWN_SERVER, TUNNELS, unreachable
from tests.deployments import entry, written
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
SECRET = "love and lace"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks for a real link: nobody listens at port 9."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def test_a_public_link_without_a_login_is_refused_unless_it_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, entry("tiny", tmp_path), server={"port": 0})
    assert app.main(["--share", "--config", str(config)]) == app.BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith("darkroom: --share opens Darkroom to everybody who has the link")
    assert all(part in error for part in ("python app.py passwd", "--auth-file", "--open"))
    assert error.count("\n") == 1
    assert opening(load(config), Asked(share=True, open=True), {}).known is None
    put(tmp_path / "users.txt", "ada", password_hash(SECRET))
    asked = Asked(share=True, auth_file=tmp_path / "users.txt")
    assert opening(load(config), asked, {}).known
    anybody = written(tmp_path, entry("tiny", tmp_path), access={"anonymous": "generate"})
    with pytest.raises(ConfigError, match="nobody has to log in"):
        opening(load(anybody), asked, {})


def test_without_internet_it_says_so_and_stays_here(tmp_path: Path, checkpoints: Checkpoints) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), server={"port": 0})
    command = [sys.executable, str(ROOT / "app.py"), "--share", "--open", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            url = server.stdout.readline().removeprefix("Darkroom is at ").strip()
            said = server.stdout.readline()
            assert said == "There is no public link: api.gradio.app does not answer. Darkroom is served here alone.\n"
            assert httpx.get(f"{url}/config", timeout=PATIENCE).status_code == 200
        finally:
            server.send_signal(signal.SIGINT)
        rest, logged = server.communicate(timeout=PATIENCE)
        assert rest == ""  # nothing of gradio's own
        assert "Traceback" not in logged


def test_what_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr("terminal.public_link.PATIENCE", 0.2)
        assert unreachable(os.environ) == "api.gradio.app does not answer"
        assert unreachable({OWN_SERVER: f"127.0.0.1:{silent.getsockname()[1]}"}) is None
    assert unreachable({OWN_SERVER: "127.0.0.1:9"}) == "127.0.0.1:9 does not answer"
    assert TUNNELS == GRADIO_API_SERVER


def test_on_a_space_there_is_no_link_and_no_wait(tmp_path: Path) -> None:
    deployment = load(written(tmp_path, entry("tiny", tmp_path)))
    on_space = opening(deployment, Asked(share=True, open=True), {"SPACE_ID": "me/darkroom"})
    assert (on_space.share, on_space.unshared, on_space.public) == (False, "a Space needs none", True)


def test_the_start_says_what_is_open_to_whom(tmp_path: Path) -> None:
    put(tmp_path / "users.txt", "ada", password_hash(SECRET))
    access = {"users": "users.txt", "anonymous": "look"}
    deployment = load(written(tmp_path, entry("tiny", tmp_path), access=access, gallery={"folder": "kept"}))
    to_whom = opening(deployment, Asked(host="0.0.0.0"), {})
    told = "\n".join(banner(deployment, to_whom, None))
    assert told.startswith("Public mode, because it listens at 0.0.0.0:\n")
    for line in (
        "page      whoever logs in: 1 account; whoever else comes may look",
        "programs  /v1, /sdapi/v1, /gradio_api: the same, by Bearer KEY or Basic",
        "limits    for each visitor 4 jobs at a time",
        "safety    policy block: prompts and pictures are checked, what is unsafe is withheld",
        "pictures  everyone sees their own alone; kept",
        "insight   /metrics off, /docs on",
    ):
        assert f"  {line}" in told
    shared = Opening(to_whom.server, to_whom.known, share=True, why="a public link leads here")
    assert next(banner(deployment, shared, "https://x.gradio.live")) == "Public link: https://x.gradio.live"
    assert next(banner(deployment, shared, None)).startswith("There is no public link: Gradio's tunnel")
    at_home = opening(deployment, Asked(), {})
    assert list(banner(deployment, at_home, None)) == [""]
