"""ASGI middleware in front of everything: refuses what nobody has to answer, and says what it was.

Nothing here knows what a request is about; that is for the door that it is let through to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from guard import bodies, gradio_paths
from guard.headers import Answer
from guard.refusal import Refusal, answer
from guard.rules import Rules, parsed, same

SAFE = ("GET", "HEAD", "OPTIONS")
REFUSED = {401: "unauthorized", 429: "too_many_requests", 503: "unavailable"}  # by others than the guard
RANGE = re.compile(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})")
STARTUP = f"{gradio_paths.PREFIX}/startup-events"  # what gradio asks of itself when it launches

Heard = Callable[[str], None]  # with the code of a refusal, or what its status says


def stand_before(app: Any, rules: Rules, heard: Heard | None) -> None:
    """Put the guard in front of `app`, in whose lifespan this is called: before it takes a request.

    Gradio puts its own CORS and compression in front of all `middleware` that `launch` is given.
    """
    assert app.middleware_stack is not None  # through which the lifespan runs
    app.middleware_stack = Guard(app.middleware_stack, rules, heard, lambda: bool(app.startup_events_triggered))


class Guard:
    """Lets through to `app` what `rules` allow; whoever listens hears each refusal."""

    def __init__(self, app: ASGIApp, rules: Rules, heard: Heard | None, launched: Callable[[], bool]) -> None:
        self._app, self._rules, self._hear = app, rules, heard or (lambda reason: None)
        self._room = bodies.Room(rules.held)
        self._launched = launched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)  # no route takes websockets

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answering = Answer(self._rules, headers.get("origin"), send)
        if refusal := self._refusal(scope, headers):
            self._hear(refusal.code)
            await answer(refusal, scope["path"], receive, answering.send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await answering.preflight(headers.get("access-control-request-headers", ""))
        else:
            await self._through(scope, receive, answering)

    async def _through(self, scope: Scope, receive: Receive, answering: Answer) -> None:
        body = bodies.Body(scope["path"], self._room, self._rules.patience, receive, answering.send)
        try:
            await self._app(scope, body.receive, body.send)
        except ClientDisconnect:
            if not body.refused:
                raise
        finally:
            body.over()
            if reason := body.refused.code if body.refused else _refused(scope["method"], answering.status):
                self._hear(reason)

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        return (
            self._misdirected(headers)
            or self._foreign(scope, headers)
            or self._closed(scope)
            or self._malformed(scope, headers)
        )

    def _misdirected(self, headers: Headers) -> Refusal | None:
        named = headers.getlist("host")
        host = parsed(named[0]) if len(named) == 1 else None
        if host and self._rules.host(host[0]):
            return None
        was = f"'{named[0][:80]}'" if named else "missing"
        return Refusal(
            403,
            "host_not_allowed",
            f"Host is {was}, which is no name of this server. Use the address that it printed at its start, "
            "or add the name to server.hosts in config.yaml.",
        )

    def _foreign(self, scope: Scope, headers: Headers) -> Refusal | None:
        """A page of another site cannot set X-Forwarded-Host without asking first, which is refused here."""
        origin = headers.get("origin")
        if origin is None or self._rules.origin(origin):
            return None
        asked = (headers["host"], headers.get("x-forwarded-host", "").partition(",")[0].strip())
        asks_first = "access-control-request-method" in headers
        if any(same(origin, host) for host in asked) or (scope["method"] in SAFE and not asks_first):
            return None
        return Refusal(
            403,
            "origin_not_allowed",
            f"Origin is '{origin[:80]}', but this is {headers['host'][:80]}. Pages of other sites may use this server "
            "only if server.origins in config.yaml names them.",
        )

    def _closed(self, scope: Scope) -> Refusal | None:
        path = scope["path"]
        if path == STARTUP and not self._launched():
            return None
        if not gradio_paths.closed(path):
            return None
        return Refusal(404, "not_found", f"There is nothing at {path[:80]!r}. /docs lists what programs can use.")

    def _malformed(self, scope: Scope, headers: Headers) -> Refusal | None:
        if (
            scope["path"].startswith(gradio_paths.PREFIX)
            and "range" in headers
            and not RANGE.fullmatch(headers["range"])
        ):
            return Refusal(
                416,
                "invalid_range",
                "Range is not understood. Ask for one range of bytes, such as bytes=0-1023, or for all.",
            )
        if scope["method"] in SAFE:
            return None
        return bodies.declared(headers, bodies.kind(scope["path"]))


def _refused(method: str, status: int) -> str | None:
    """Why whoever answered did not let a request in; None: it did. What cannot be shown now refuses nobody."""
    return None if status == 503 and method in SAFE else REFUSED.get(status)
