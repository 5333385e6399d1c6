"""A hub on this machine: the hub's protocol over real HTTP, with faults that can be switched on, and a log.

Serves folders as repositories to the real `huggingface_hub` client. In this process, hand `hub.url` to whatever takes
an `endpoint`; for another process, start it with `hub.environment(home)` (the client reads HF_ENDPOINT on import).
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.hub_http import Server
from tests.hub_repo import Repo
from tests.hub_state import Fault, Request, State

__all__ = ["Fault", "Hub", "Repo", "Request"]


@dataclass
class Hub(State):
    """The server. `faults` may be changed at any time; `requests` is what came in so far."""

    def __post_init__(self) -> None:
        self._server = Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, name: str, folder: Path, *, commit: str | None = None, gated_for: str | None = None) -> Repo:
        """Serve `folder` as the repository `name`; with `gated_for`, its files only to that token."""
        self.repos[name] = Repo.read(name, folder, commit, gated_for)
        return self.repos[name]

    def environment(self, home: Path) -> dict[str, str]:
        """For a process that is to find its models here and keep them below `home`."""
        return {**os.environ, "HF_ENDPOINT": self.url, "HF_HOME": str(home)}

    def downloaded(self) -> dict[str, int]:
        """Files asked for with GET, each with the bytes of it that were sent."""
        files: dict[str, int] = {}
        for request in self.requests:
            if request.file and request.method == "GET":
                files[request.file] = files.get(request.file, 0) + request.sent
        return files

    def close(self) -> None:
        """Refuse connections from now on and let go of those that are open."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
