"""A job as server-sent events: previews, finished pictures, and what went wrong once the answer had begun."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.following import events
from api.openai import refusals
from api.openai.answers import Partial
from api.openai.making import Making, encoded, now
from errors import Cancelled, DarkroomError
from generation.events import Frame, Picture
from generation.job import Job

QUIET_SECONDS = 15.0  # after which a comment tells proxies that the connection lives


class Stream(StreamingResponse):
    """What `making` tells. Its client's going cancels the job, at once and whatever was under way."""

    def __init__(self, making: Making, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._job, self._lively = making.job, lively(told(making), quiet_seconds)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(self._lively, headers=headers, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._lively):
                await super().__call__(scope, receive, send)
        finally:
            self._job.cancel()  # nothing once it is over


async def told(making: Making) -> AsyncGenerator[bytes, None]:
    """The events, each as its bytes."""
    news, blocked = _News(making.job, making.asked.partial_images or 0), list[Picture]()
    try:
        async with aclosing(events(making.job)) as following:
            async for _ in following:
                for item in news.since():
                    if isinstance(item, Picture) and item.withheld == "blocked":
                        blocked.append(item)  # until it is known whether all are
                    else:
                        yield sent(await _record(making, item))
        making.check(making.job.result().pictures)
        for picture in blocked:
            yield sent(await making.completed(picture))
    except (DarkroomError, Cancelled) as error:
        yield b"event: error\ndata: " + refusals.encoded(refusals.described(error)) + b"\n\n"


async def lively(told: AsyncGenerator[bytes, None], quiet_seconds: float) -> AsyncGenerator[bytes, None]:
    """`told`, with a comment wherever it is silent for long."""
    next_ = asyncio.ensure_future(anext(told))
    try:
        while True:
            done, _ = await asyncio.wait({next_}, timeout=quiet_seconds)
            if not done:
                yield b": still at it\n\n"
                continue
            try:
                yield next_.result()
            except StopAsyncIteration:
                return
            next_ = asyncio.ensure_future(anext(told))
    finally:
        next_.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await next_
        await told.aclose()


class _News:
    """What of a job was not sent yet. Asks the job rather than its events, so that who comes late misses nothing."""

    def __init__(self, job: Job, previews: int) -> None:
        self._job = job
        self._frames = self._pictures = 0  # looked at so far
        self._shown: dict[int, int] = {}  # previews sent, by picture
        steps = job.request.steps
        self._due = sorted({max(1, round((n + 1) * steps / (previews + 1))) for n in range(previews)})

    def since(self) -> Iterator[tuple[Frame, int] | Picture]:
        """In the order of the pictures: previews with their numbers, each picture behind its own."""
        pictures = self._job.pictures()[self._pictures :]
        frames = self._job.frames()[self._frames :]
        done = self._pictures
        self._pictures, self._frames = done + len(pictures), self._frames + len(frames)
        new: list[Frame | Picture] = [*frames, *pictures]
        for item in sorted(new, key=lambda item: (item.index, isinstance(item, Picture))):
            if isinstance(item, Picture):
                yield item
            elif item.index >= done and (number := self._number(item)) is not None:
                yield item, number

    def _number(self, frame: Frame) -> int | None:
        """Which of its picture's previews it is; None: none that is due."""
        shown = self._shown.get(frame.index, 0)
        if shown >= len(self._due) or frame.step < self._due[shown]:
            return None
        self._shown[frame.index] = shown + 1
        return shown


async def _record(making: Making, item: tuple[Frame, int] | Picture) -> BaseModel:
    if isinstance(item, Picture):
        return await making.completed(item)
    frame, number = item
    described = making.described | {"output_format": "jpeg"}
    return Partial(b64_json=encoded(frame.jpeg), partial_image_index=number, created_at=now(), **described)


def sent(record: BaseModel) -> bytes:
    """As an event of the name that it has itself."""
    return f"event: {record.type}\ndata: {record.model_dump_json()}\n\n".encode()  # type: ignore[attr-defined]
