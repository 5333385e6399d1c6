"""Pictures behind links: the newest ones, for an hour, each for whoever asked for it alone."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass

from api.openai.asked import Format
from errors import UnknownPicture
from generation.caller import Caller
from visitors.asking import open_to

SECONDS = 3600.0  # that a link lives, as OpenAI's do
MOST_BYTES = 256_000_000  # of all pictures; the oldest are given up then


@dataclass(frozen=True)
class Linked:
    """A picture that a link leads to."""

    content: bytes
    format: Format
    owner: str
    until: float  # of the monotonic clock


class Links:
    """In memory, hence gone with the server. Used from the event loop alone."""

    def __init__(self, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._linked: OrderedDict[str, Linked] = OrderedDict()  # the oldest first
        self._bytes = 0

    def keep(self, content: bytes, format: Format, owner: str) -> str:
        """The id, 128 random bits, by which the picture is found."""
        id = secrets.token_hex(16)
        self._linked[id] = Linked(content, format, owner, time.monotonic() + self._seconds)
        self._bytes += len(content)
        while len(self._linked) > 1 and self._bytes > self._most_bytes:
            self._drop(next(iter(self._linked)))
        return id

    def find(self, id: str, caller: Caller, private: bool) -> Linked:
        """Raises UnknownPicture for one that is not there, any more or for this caller."""
        for old in [id for id, linked in self._linked.items() if linked.until < time.monotonic()]:
            self._drop(old)
        linked = self._linked.get(id)
        if linked is None or not open_to(caller, linked.owner, private):
            raise UnknownPicture("There is no such picture, or its link has expired. Make it again.")
        return linked

    def _drop(self, id: str) -> None:
        self._bytes -= len(self._linked.pop(id).content)
