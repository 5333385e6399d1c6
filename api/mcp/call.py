"""One call of a tool: who calls, until when, and how its progress is told."""

from __future__ import annotations

import time
from typing import Any

import anyio
from mcp.server.session import ServerSession
from mcp.shared.context import RequestContext

from api.following import events
from api.mcp.progress import hundredths, words
from generation.engine import Engine
from generation.events import Event, Finished, Step
from generation.job import Job
from generation.request import GenerationRequest
from visitors.asking import caller_of

OVER = "darkroom.over"  # in the scope of a request: set when it is answered, or its client is gone


class Call:
    """What a tool is told beside its arguments."""

    def __init__(self, context: RequestContext[ServerSession, Any, Any], engine: Engine) -> None:
        self.engine = engine
        assert context.request is not None  # over HTTP there is one
        self._context, self._request = context, context.request
        self._token = context.meta.progressToken if context.meta else None  # None: the caller wants no progress
        self._told, self._when = -1.0, 0.0

    @property
    def over(self) -> anyio.Event:
        """Set when nobody waits for the answer any more."""
        event: anyio.Event = self._request.scope[OVER]
        return event

    async def made(self, request: GenerationRequest, part: int = 0, parts: int = 1) -> Finished:
        """The pictures of `request`, which is the part `part` of `parts` of this call. Raises DarkroomError."""
        caller = caller_of(self._request)
        job = self.engine.submit(request, preview="off", caller=caller)
        async for event in events(job):
            await self._tell(job, event, part, parts)
        return job.result()

    async def _tell(self, job: Job, event: Event, part: int, parts: int) -> None:
        """Progress must grow from each notice to the next, whatever is told."""
        if self._token is None or not (said := words(event, job.request)) or self._too_soon(event):
            return
        self._told = max((100 * part + hundredths(event, job.request)) / parts, self._told + 0.001)
        await self._context.session.send_progress_notification(
            self._token, self._told, 100.0, said, related_request_id=str(self._context.request_id)
        )

    def _too_soon(self, event: Event) -> bool:
        now = time.monotonic()
        if isinstance(event, Step) and now - self._when < 1 / self.engine.preview.per_second:
            return True
        self._when = now
        return False
