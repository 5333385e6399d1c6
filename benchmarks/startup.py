"""From `python app.py` to its first answer, over the time that `import gradio` takes alone."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

from benchmarks.ratio import Ratio, measured
from config import Server
from terminal.address import free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds
POLL = 0.02  # seconds


def startup(rounds: int, tell: Callable[[str], None]) -> Iterator[Ratio]:
    """The page's start."""
    app, alone = "app.py to its first answer", "import gradio"
    seconds = measured({app: _first_answer, alone: _import_gradio}, rounds, tell)
    yield Ratio(f"{app} / {alone}", seconds[app], seconds[alone])


def _import_gradio() -> None:
    subprocess.run([sys.executable, "-c", "import gradio"], check=True)


def _first_answer() -> None:
    port = free_port(Server(port=0))
    command = [sys.executable, str(ROOT / "app.py"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _answered(f"http://127.0.0.1:{port}/", server)
    finally:
        server.kill()
        server.wait()


def _answered(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).read()
        except (URLError, ConnectionError):
            time.sleep(POLL)
        else:
            return
    raise RuntimeError(f"The server did not answer within {PATIENCE:.0f} s; `python app.py` says why.")
