"""HTTP as it is on the wire: requests that no well-behaved client would send."""

import socket
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

import httpx

from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Answer:
    """As far as tests look at it."""

    status: int
    headers: httpx.Headers
    body: bytes


class Wire:
    """One connection to the server at `url`."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        name, _, port = self.host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=PATIENCE)
        self._read = self._socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._read.close()
        self._socket.close()

    def send(self, some: bytes) -> None:
        self._socket.sendall(some)

    def ask(self, line: str, *headers: str, body: bytes = b"", host: str | None = None) -> Answer:
        """What is answered to `line`, as "GET /", with the headers given and no others but Host."""
        named = self.host if host is None else host
        self.send("\r\n".join([f"{line} HTTP/1.1", f"Host: {named}", *headers, "", ""]).encode("latin-1") + body)
        return self.answer()

    def answer(self) -> Answer:
        """The next one. Its body ends where its length says, or with the connection."""
        status = int(self._read.readline().split()[1])
        lines = iter(lambda: self._read.readline().strip().decode("latin-1"), "")
        headers = httpx.Headers([(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)])
        length = "0" if status == 204 else headers.get("content-length")
        return Answer(status, headers, self._read.read(None if length is None else int(length)))

    def over(self) -> bool:
        """Whether the server ends the connection, which is waited for."""
        try:
            return self._read.read(1) == b""
        except ConnectionError:
            return True
