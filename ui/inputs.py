"""No event of the page takes a file, and none may be smuggled into one.

Gradio looks through whatever is sent for what it takes for files of its own, fetches those that are addresses, of any
size, and keeps them; see gradio.processing_utils.async_move_files_to_cache.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REFUSED = "A file stands where a value is expected, but none is taken here. Send values alone."
_EVENTS = re.compile(r".*/gradio_api/(queue/join|run/[^/]+|call/(v2/)?[^/]+)/?", re.IGNORECASE)


class NoFiles:
    """Refuses events that bring files along."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not _EVENTS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        if brings_a_file(body):
            await JSONResponse({"detail": REFUSED}, 400)(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return unread.pop() if unread else await receive()

        await self.app(scope, again, send)


def brings_a_file(body: bytes) -> bool:
    """Whether there is, anywhere in this JSON, what gradio takes for a file. What is no JSON is not taken at all."""
    try:
        found: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return False  # gradio reads it in the same way, and refuses it
    while found:
        value = found.pop()
        if isinstance(value, dict):
            if "path" in value and "meta" in value:
                return True
            found += value.values()
        elif isinstance(value, list):
            found += value
    return False
