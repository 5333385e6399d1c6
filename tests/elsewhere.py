"""Darkroom as a process in a fresh copy of this checkout, which may not be writable, asked over HTTP."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE

import httpx

from tests.dockerfile import ROOT
from tests.waiting import PATIENCE

# Who runs the tests as root may write anywhere, and so would the server: it is started without that right.
ROOTLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all", "--no-new-privs")


def copied(names: Iterable[str], folder: Path) -> Path:
    """A copy of those files of this checkout in `folder`."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def locked(folder: Path) -> Path:
    """Nothing in `folder` can be written any more, but where links lead."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, command: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator[str]:
    """Where `command` in `folder` with just that environment serves, until a signal has ended it."""
    words = [sys.executable if word == "python" else word for word in command]
    rights = ROOTLESS if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with log.open("w", encoding="utf-8") as stderr:
        server = subprocess.Popen(
            [*rights, *words], cwd=folder, env=environ, stdout=PIPE, stderr=stderr, text=True, start_new_session=True
        )
    try:
        assert server.stdout is not None
        told = iter(server.stdout.readline, "")  # on a Space gradio speaks first
        assert any(line.startswith("Darkroom is at ") for line in told), log.read_text(encoding="utf-8")
        url = f"http://127.0.0.1:{environ['GRADIO_SERVER_PORT']}"
        assert httpx.get(url, timeout=PATIENCE).status_code == 200
        yield url
        server.terminate()
        assert server.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)  # what is left of it, and of the processes that it started
        server.communicate()
