"""How many events of the page wait in gradio's queue: a share for each visitor, and when to come again once it is full.

That queue holds those who ask and watch, and is the same for all; jobs have a queue of their own, with its own limits.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visitors.asking import caller_of

SHARE = 24  # events of one visitor that wait or run at a time: a few pages with all the jobs one may have
RETRY = "5"  # seconds
_JOINS = re.compile(r".*/gradio_api/(queue/join|call/(v2/)?[^/]+)/?")
TOO_MANY = f"{SHARE} requests of yours wait already, which is all that one visitor may have. Wait until one is done."


class Crowd:
    """Refuses at once whoever has too much in the queue."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not _JOINS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        who = caller_of(HTTPConnection(scope)).counted_as
        if who and _waiting(scope["app"], who) >= SHARE:
            await JSONResponse({"detail": TOO_MANY}, 429, {"Retry-After": RETRY})(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 503:
                MutableHeaders(scope=message).setdefault("Retry-After", RETRY)
            await send(message)

        await self.app(scope, receive, answer)


def _waiting(app: Any, who: str) -> int:
    """How many events of `who` wait or run. Gradio has no public way to ask that."""
    events = app.get_blocks()._queue.event_ids_to_events.values()
    return sum(caller_of(event.request).counted_as == who for event in list(events))
