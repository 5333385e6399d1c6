"""What is not let in, and the one answer that every client understands in its own way."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Receive, Send

from guard import forms

MOST_DISCARDED = 64 << 20  # bytes of a refused body that are read, so that its sender gets to see the answer
DISCARDING = 10.0  # seconds


@dataclass(frozen=True)
class Refusal:
    """Why a request is not let in: `code` is for programs, `message` says what it was, what is accepted, what to do."""

    status: int
    code: str
    message: str


async def answer(refusal: Refusal, path: str, receive: Receive | None, send: Send) -> None:
    """Send `refusal` of `path` at once, and then read what still comes from `receive`.

    Its sender would find the connection broken otherwise, and never see the answer.
    """
    told = forms.body(path, refusal.status, refusal.message, refusal.code)
    body = json.dumps(told).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if receive is not None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(_discard(receive), DISCARDING)
    await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive) -> None:
    left = MOST_DISCARDED
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body"):
            return
