"""The hub's protocol, spoken by a threaded HTTP server: API listings, files with ranges, refusals, faults."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_repo import Repo
from tests.hub_state import Fault, Request, State

API = re.compile(
    r"/api/(models|datasets)/(?P<repo>[^/]+/[^/]+)(/(?P<kind>revision|tree|paths-info)/(?P<rev>[^/]+)(/(?P<path>.+))?)?"
)
RESOLVE = re.compile(r"/(datasets/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
SLOW_CHUNK = 1024  # bytes per write where a transfer is slow


class Server(ThreadingHTTPServer):
    """Listens on a free port of this machine only."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, state: State) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = state

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error here; anything else is shown with its traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else headers and body of a small answer wait for each other
    server: Server
    entry: Request

    def do_GET(self) -> None:
        """Log the request, find what it asks for, and answer or refuse."""
        state, url = self.server.state, urlsplit(self.path)
        path = unquote(url.path)
        file = RESOLVE.fullmatch(path)
        found = file or API.fullmatch(path)
        self.entry = self.logged(path, found["repo"] if found else None, file["path"] if file else None)
        repo = state.repos.get(self.entry.repo or "")
        fault = next((f for f in state.faults if f.strikes(self.command, path)), Fault())
        if fault.status:
            self.refuse(fault.status, fault.error_code, fault.retry_after)
        elif path == "/api/whoami-v2":
            self.whoami()
        elif not found or not repo:  # without a token the hub does not say whether it exists
            self.refuse(404 if self.entry.authorization else 401, "RepoNotFound")
        elif found["rev"] and not repo.has(found["rev"]):
            self.refuse(404, "RevisionNotFound")
        elif file:
            self.resolve(repo, file["path"], fault)
        else:
            self.list(repo, found["kind"], found["path"] or "", parse_qs(url.query), fault)

    do_HEAD = do_POST = do_GET  # noqa: N815

    def logged(self, path: str, repo: str | None, file: str | None) -> Request:
        entry = Request(self.command, path, repo, file, self.headers["Range"], self.headers["Authorization"])
        self.server.state.requests.append(entry)
        return entry

    def whoami(self) -> None:
        if self.entry.authorization != f"Bearer {self.server.state.token}":
            return self.refuse(401, None)
        return self.answer(json.dumps({"type": "user", "name": "reader", "orgs": []}).encode())

    def list(self, repo: Repo, kind: str | None, below: str, query: dict[str, list[str]], fault: Fault) -> None:
        """Information about a repository, or its tree."""

        def asked(name: str) -> bool:
            return query.get(name, [""])[-1].lower() in ("true", "1")

        content: object
        if kind == "tree":
            content = repo.tree(below, recursive=asked("recursive"))
        elif kind == "paths-info":
            named = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["paths"]
            content = [entry for entry in repo.tree("", recursive=True) if entry["path"] in named]
        else:
            content = repo.info(blobs=asked("blobs"))
        self.answer(json.dumps(content).encode(), fault)

    def resolve(self, repo: Repo, path: str, fault: Fault) -> None:
        """A file, or the part of it that Range asks for."""
        commit = {"X-Repo-Commit": repo.commit}
        if repo.token and self.entry.authorization != f"Bearer {repo.token}":
            return self.refuse(403 if self.entry.authorization else 401, "GatedRepo")
        if not (file := repo.files.get(path)):
            return self.refuse(404, "EntryNotFound", headers=commit)
        body = file.source.read_bytes()
        if self.command == "GET":
            body = bytes(255 - byte for byte in body) if fault.corrupt else body[: fault.truncate_to]
        linked = {"X-Linked-Size": str(file.size), "X-Linked-ETag": f'"{file.etag}"'} if file.sha256 else {}
        headers = {**commit, **linked, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
        start, end = self.span(len(body))
        if start >= len(body) > 0:
            return self.refuse(416, None, headers={"Content-Range": f"bytes */{len(body)}"})
        if fault.whole or not self.entry.range:
            return self.answer(body, fault, headers=headers)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
        return self.answer(body[start:end], fault, status=206, headers=headers)

    def span(self, size: int) -> tuple[int, int]:
        """Start and end (exclusive) of what is asked for."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.entry.range or "bytes=0-")
        if not asked:
            return size, size
        return int(asked[1]), min(int(asked[2] or size) + bool(asked[2]), size)

    def refuse(
        self, status: int, code: str | None, retry: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """An error as the hub words it: the client goes by status and X-Error-Code."""
        more = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        if retry is not None:
            more["Retry-After"] = str(retry)
        body = json.dumps({"error": code or f"status {status}"}).encode()
        self.answer(body, status=status, headers={**(headers or {}), **more})

    def answer(
        self, body: bytes, fault: Fault | None = None, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Send all of it, or what the fault lets through."""
        fault = fault or Fault()
        self.entry.status = status
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = body[: fault.cut_after][: fault.stall_after]
        for chunk in self.paced(sent, fault.bytes_per_second):
            self.entry.sent += len(chunk)  # before, for the client may be through with it before this thread goes on
            self.wfile.write(chunk)
        if fault.stall_after is not None:
            self.close_connection = self.server.state.closing.wait()
        if fault.cut_after is not None and fault.cut_after < len(body):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def paced(self, body: bytes, bytes_per_second: int | None) -> Iterator[bytes]:
        if bytes_per_second is None:
            yield body
            return
        for start in range(0, len(body), SLOW_CHUNK):
            if self.server.state.closing.wait(SLOW_CHUNK / bytes_per_second):
                self.close_connection = True
                return
            yield body[start : start + SLOW_CHUNK]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: `requests` is the log."""
