"""Connections on which no request comes, and too many of them: uvicorn's business, which asks no middleware."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn

from guard.rules import Rules

HEAD_SECONDS = 20.0  # for a request's first line and headers to come in, and for a refused body to end


def watch(server: uvicorn.Server, rules: Rules) -> None:
    """Let `server` end connections that hold on to it without asking for anything."""
    server.config.limit_concurrency = rules.connections
    server.config.http_protocol_class = _impatient(server.config.http_protocol_class, HEAD_SECONDS * rules.patience)


def _impatient(protocol: Any, seconds: float) -> type[asyncio.Protocol]:
    """`protocol`, whose connections end where no request begins `seconds` after they do, or after an answer."""

    class Impatient(protocol):  # type: ignore[misc]  # whichever uvicorn has chosen
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._wait()

        def on_response_complete(self) -> None:
            self._wait()  # before a request that is here already begins
            super().on_response_complete()

        def connection_lost(self, error: Exception | None) -> None:
            if self._waiting:
                self._waiting.cancel()
            super().connection_lost(error)

        def _wait(self) -> None:
            if self._waiting:
                self._waiting.cancel()
            self._waiting = self.loop.call_later(seconds, self._tired, self.cycle)

        def _tired(self, last: Any) -> None:
            if self.cycle is last:  # no request has begun since
                self.transport.close()

    return Impatient
