"""`GET /metrics`: how the server fares, where that is told."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute

from api import metrics
from api.refused import RESPONSES
from studio import Studio

PATH = "/metrics"
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus's text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def routes(studio: Studio) -> list[BaseRoute]:
    """None where nobody is told."""
    if (counted := studio.metrics) is None:
        return []
    router = APIRouter(tags=["Operation"], responses=RESPONSES)

    @router.get(PATH, summary="How the server fares, for Prometheus", response_class=Response, responses=_TEXT)
    async def told() -> Response:
        """Jobs by model and outcome, durations of their phases, queue, models, memory, and requests not let in."""
        return Response(await run_in_threadpool(counted.text), headers={"Content-Type": metrics.MEDIA_TYPE})

    return list(router.routes)
