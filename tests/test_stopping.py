"""How a server ends: by either signal, with 0, in time, and what its watchers are told when it is back."""

import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from playwright.sync_api import Browser, expect

from terminal import stopping
from tests.deployments import entry, written
from tests.test_browser import browser  # noqa: F401
from tests.test_serving import ROOT
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

HANGING = """
import threading, time
from terminal import stopping
stopping.DEADLINE_SECONDS = 0.5
wish = stopping.Stopping()

def ready():
    while wish._at_last is None:  # before it waits, a signal ends it at once
        time.sleep(0.01)
    print("ready", flush=True)

threading.Thread(target=ready).start()
wish.wait(lambda: print("hung up", flush=True))
print("wanted", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_that_hangs_ends_all_the_same(number: signal.Signals) -> None:
    assert stopping.DEADLINE_SECONDS < 10
    with subprocess.Popen([sys.executable, "-c", HANGING], cwd=ROOT, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "hung up" in said


def test_a_second_signal_does_not_wait() -> None:
    code = HANGING.replace("0.5", "600")
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "wanted\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


class Server:
    """`python app.py` in a process of its own, to be ended and started again."""

    def __init__(self, config: Path) -> None:
        self.config, self.url = config, ""

    def start(self, port: str = "0") -> None:
        command = [sys.executable, str(ROOT / "app.py"), "--config", str(self.config), "--port", port]
        self.process = subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("Darkroom is at ").strip()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in said
        return self.process.returncode


@pytest.mark.browser
def test_a_page_is_told_what_a_restart_interrupted(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
    checkpoints: Checkpoints,
) -> None:
    tiny = entry("tiny", checkpoints["sd"], max_pixels=256 * 256)
    server = Server(written(tmp_path, tiny, queue={"folder": str(tmp_path / "jobs")}))
    server.start()
    page = browser.new_page(locale="en-US")
    try:
        page.goto(f"{server.url}/")
        page.locator("#prompt textarea").fill("a boat in the fog")
        page.locator("#steps input[type=number]").fill("900")
        for side in ("width", "height"):
            page.locator(f"#{side} input").fill("256")
        page.get_by_role("button", name="Develop").click()
        expect(page.locator("#status")).to_contain_text("900", timeout=PATIENCE * 1000)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        server.start(server.url.rsplit(":", 1)[1])
        page.goto(f"{server.url}/")
        expect(page.get_by_text("was stopped before this was done").first).to_be_visible(timeout=PATIENCE * 1000)
        expect(page.locator("#prompt textarea")).to_have_value("a boat in the fog")
        assert server.end(signal.SIGTERM) == 0
    finally:
        page.close()
        server.process.kill()
