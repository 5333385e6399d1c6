"""Who has logged in: what a browser's cookie stands for. Held in memory; after a restart everybody logs in again."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

LIFE = 30 * 86400.0  # seconds
MOST = 10_000  # the oldest goes first


class Sessions:
    """Users by token. A token is kept as its hash alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._open: OrderedDict[str, tuple[str, str, float]] = OrderedDict()  # user, proof, end

    def begin(self, user: str, proof: str) -> str:
        """The token of a new session. `proof` is what the login stood on."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._open[_hash(token)] = (user, proof, self._clock() + LIFE)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return token

    def find(self, token: str) -> tuple[str, str] | None:
        """The user and the proof."""
        with self._lock:
            user, proof, end = self._open.get(_hash(token), ("", "", 0.0))
            return (user, proof) if self._clock() < end else None

    def end(self, token: str) -> None:
        with self._lock:
            self._open.pop(_hash(token), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
