"""Logging in with Hugging Face, as on a Space: gradio's own login in a real process, against a provider of our own.

What only a real Space shows: that Hugging Face grants what is asked for, and that the cookie holds in its frame.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.deployments import entry, written
from tests.oidc import CLIENT, Provider, provider
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
HOST = "ada-darkroom.hf.space"
HTML = {"Accept": "text/html"}


class Browser:
    """Keeps cookies that are for https alone, as a browser does at the other end of a Space's https."""

    def __init__(self, url: str) -> None:
        self._client, self.cookies = httpx.Client(base_url=url, timeout=PATIENCE), dict[str, str]()

    def get(self, path: str) -> httpx.Response:
        answer = self._client.get(
            path, headers={**HTML, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        )
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def logged_in(browser: Browser, there: Provider) -> httpx.Response:
    """The answer that a browser gets which comes back from `there`."""
    sent = browser.get("/login/huggingface").headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent).query).items()}
    assert sent.startswith(f"{there.url}/authorize?")
    assert urlsplit(asked["redirect_uri"]).hostname == HOST
    there.nonce = asked["nonce"]
    return browser.get(f"/login/callback?code=x&state={asked['state']}")


def test_whoever_logs_in_with_hugging_face_is_known(tmp_path: Path, checkpoints: Checkpoints) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), server={"port": 0}, access={"hf": True})
    command = [sys.executable, str(ROOT / "app.py"), "--config", str(config)]
    with (
        provider() as there,
        subprocess.Popen(command, env=space(there), stdout=PIPE, stderr=PIPE, text=True) as server,
    ):
        assert server.stdout
        try:
            line = next(line for line in iter(server.stdout.readline, "") if line.startswith("Darkroom is at "))
            url = line.removeprefix("Darkroom is at ").strip()
            assert server.stdout.readline() == "Public mode, because this is a Hugging Face Space:\n"
            with Browser(url) as browser, Browser(url) as stranger:
                first = browser.get("/")
                assert (first.status_code, 'href="/login/huggingface"' in first.text) == (401, True)
                assert logged_in(browser, there).headers["location"] == "/"
                assert browser.get("/config").json()["username"] == "hf:ada"
                assert browser.get("/v1/models").status_code == 200
                stranger.cookies = {name: value[::-1] for name, value in browser.cookies.items()}
                assert stranger.get("/config").status_code == 401
                browser.get("/logout")
                assert browser.get("/config").status_code == 401
        finally:
            server.send_signal(signal.SIGINT)
        _, logged = server.communicate(timeout=PATIENCE)
    assert "a secret" not in logged
    assert "of-ada" not in logged


def space(there: Provider) -> dict[str, str]:
    """The variables of a Space whose README.md asks for a login."""
    return {
        **os.environ,
        "SYSTEM": "spaces",
        "SPACE_ID": "ada/darkroom",
        "SPACE_HOST": HOST,
        "OPENID_PROVIDER_URL": there.url,
        "OAUTH_CLIENT_ID": CLIENT,
        "OAUTH_CLIENT_SECRET": "a secret",
        "OAUTH_SCOPES": "openid profile",
    }
