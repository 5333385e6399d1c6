"""A job for somebody who asked over HTTP: its events, and an end to it when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request

from errors import Cancelled
from generation.events import TERMINAL, Event, Finished
from generation.job import Job

T = TypeVar("T")


async def events(job: Job) -> AsyncGenerator[Event, None]:
    """What `job` tells from its newest event on, up to the terminal one; whoever stops listening cancels it.

    Holds no thread, so that any number of clients can wait.
    """
    told: asyncio.Queue[Event] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def hear(_: Job, event: Event) -> None:
        with suppress(RuntimeError):  # the server is gone; the device's thread must not fail for that
            loop.call_soon_threadsafe(told.put_nowait, event)

    job.follow(hear)
    try:
        while True:
            event = await told.get()
            yield event
            if isinstance(event, TERMINAL):
                return
    finally:
        job.leave(hear)
        job.cancel()


async def finished(job: Job) -> Finished:
    """The end of `job`. Raises DarkroomError where it failed, errors.Cancelled where it was cancelled."""
    async for _ in events(job):
        pass
    return job.result()


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """What `work` returns. Ends it and raises Cancelled as soon as the client of `request` is gone.

    The body of `request` must have been read.
    """
    return await unless(_gone(request), work)


async def unless(over: Awaitable[object], work: Awaitable[T]) -> T:
    """What `work` returns. Ends it and raises Cancelled as soon as `over` returns."""
    working, going = asyncio.ensure_future(work), asyncio.ensure_future(over)
    try:
        await asyncio.wait((working, going), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Cancelled
        return working.result()
    finally:
        for task in (working, going):
            task.cancel()
        await asyncio.gather(working, going, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
