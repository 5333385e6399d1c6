"""What a request may bring along: of which kind, how much, and in which time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Send

from guard.refusal import Refusal, answer

MB = 1 << 20


@dataclass(frozen=True)
class Kind:
    """Of a body."""

    type: str  # the only media type that is accepted
    most: int | None  # bytes; None: whoever takes it counts them
    seconds: float  # for all of it to come in


JSON = Kind("application/json", 1 * MB, 30.0)
FORM = Kind("application/x-www-form-urlencoded", 4 * MB, 30.0)
KINDS = {  # by path; everything else takes JSON. No page of another site can send JSON without asking first.
    "/login": Kind(FORM.type, MB // 16, 30.0),
    "/gallery/zip": FORM,  # the ids of a whole gallery's pictures
    "/gradio_api/queue/join": Kind(JSON.type, 4 * MB, 30.0),  # likewise
    "/reading/read": Kind("application/octet-stream", None, 130.0),
    # A picture of 32 MB in base64
    **dict.fromkeys(
        (
            "/sdapi/v1/png-info",
            "/sdapi/v1/img2img",
            "/sdapi/v1/interrogate",
            "/sdapi/v1/extra-single-image",
            "/sdapi/v1/extra-batch-images",
        ),
        Kind(JSON.type, 44 * MB, 130.0),
    ),
}


def kind(path: str) -> Kind:
    """What requests for `path` may bring along."""
    return KINDS.get(path.rstrip("/") or "/", JSON)


def declared(headers: Headers, wanted: Kind) -> Refusal | None:
    """What is wrong with the body that `headers` announce."""
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal() and len(length) <= 18):
        return Refusal(400, "invalid_content_length", "Content-Length is no number of bytes. Send the right one.")
    if int(length) == 0 and "transfer-encoding" not in headers:
        return None
    sent = headers.get("content-type", "")
    if sent.partition(";")[0].strip().lower() != wanted.type:
        was = f"'{sent[:80]}'" if sent else "missing"
        return Refusal(
            415,
            "unsupported_media_type",
            f"Content-Type is {was}. Send {wanted.type} here, and a Content-Type that says so.",
        )
    if "content-encoding" in headers and headers["content-encoding"].lower() != "identity":
        return Refusal(
            415, "unsupported_media_type", "The body is compressed. Send it as it is, without Content-Encoding."
        )
    if wanted.most is not None and int(length) > wanted.most:
        return _too_large(wanted.most)
    return None


class Room:
    """What there is for the bodies of all requests under way."""

    def __init__(self, most: int) -> None:
        self.left = most  # bytes


class Body:
    """The body of one request on its way to whoever answers it, which ends with a refusal where it is too much."""

    def __init__(self, path: str, room: Room, patience: float, receive: Receive, send: Send) -> None:
        self._path, self._room, self._receive, self._send = path, room, receive, send
        self._wanted, self._count, self._all = kind(path), 0, False
        self._end = time.monotonic() + self._wanted.seconds * patience
        self._started = False
        self.refused: Refusal | None = None

    async def receive(self) -> Message:
        """The next piece. After a refusal it is as if the client had gone."""
        if self._all and not self.refused:
            return await self._receive()
        if not self.refused:
            try:
                message = await asyncio.wait_for(self._receive(), self._end - time.monotonic())
                self._take(len(message.get("body", b"")))
                self._all = not message.get("more_body", False)
                if (refusal := self._too_much()) is None:
                    return message
                await self._refuse(refusal, unread=not self._all)
            except asyncio.TimeoutError:
                await self._refuse(_too_slow(self._wanted.seconds), unread=False)
        return {"type": "http.disconnect"}

    def over(self) -> None:
        """Whoever answers needs it no longer."""
        self._take(-self._count)

    def _take(self, size: int) -> None:
        self._count += size
        self._room.left -= size

    def _too_much(self) -> Refusal | None:
        if self._wanted.most is not None and self._count > self._wanted.most:
            return _too_large(self._wanted.most)
        if self._room.left < 0:
            return Refusal(503, "busy", "Too many large requests are under way. Send it again in a few seconds.")
        return None

    async def send(self, message: Message) -> None:
        """Pass an answer on, unless the refusal was the answer."""
        self._started = True
        if not self.refused:
            await self._send(message)

    async def _refuse(self, refusal: Refusal, unread: bool) -> None:
        self.refused = refusal
        if not self._started:
            await answer(refusal, self._path, self._receive if unread else None, self._send)


def _too_large(most: int) -> Refusal:
    size = f"{most // MB} MB" if most >= MB else f"{most // 1024} kB"
    return Refusal(
        413, "request_too_large", f"The body is larger than {size}, which is all that is accepted here. Send less."
    )


def _too_slow(seconds: float) -> Refusal:
    return Refusal(
        408, "request_timeout", f"The body was not there after {seconds:.0f} seconds. Send it again, all of it."
    )
