"""How the server fares: `GET /healthz`, for whoever is to start it again, and `GET /metrics`, for Prometheus."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.in_front import RESPONSES
from api.metrics import MEDIA_TYPE
from api.version import VERSION
from generation.engine import Engine
from generation.standing import Standing
from studio import Studio

HEALTH, METRICS = "/healthz", "/metrics"
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus's text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class Details(BaseModel):
    """What the server is at."""

    version: Annotated[str, Field(description="Of Darkroom.")]
    device: Annotated[str | None, Field(description="What pictures are computed on; null until that is known.")]
    models: Annotated[list[str], Field(description="Those on the device.")]
    running: Annotated[int, Field(ge=0, description="Jobs that are worked on: one at most, but on ZeroGPU.")]
    waiting: Annotated[int, Field(ge=0, description="Jobs in the queue.")]


class Health(BaseModel):
    """How the server fares."""

    live: Annotated[bool, Field(description="Whether it works. If not, it has to be started again.")]
    ready: Annotated[bool, Field(description="Whether it can develop pictures now.")]
    reason: Annotated[str | None, Field(description="Why it can't; null where it can.")] = None
    details: Annotated[
        Details | None,
        Field(description="Null where others than this machine can come, unless server.metrics is true."),
    ] = None


def routes(studio: Studio) -> list[BaseRoute]:
    """For the server of the page; without metrics where nobody is told them."""
    router = APIRouter(tags=["Operation"], responses=RESPONSES)

    @router.get(
        HEALTH,
        summary="Whether the server lives and is ready",
        response_model=Health,
        responses={503: {"model": Health, "description": "It is not ready; `reason` says why."}},
    )
    async def healthz() -> Response:
        """Open to everyone, without a login."""
        told = health(studio.engine, detailed=studio.metrics is not None)
        status = 200 if told.live and told.ready else 503
        return Response(told.model_dump_json(), status, {"Cache-Control": "no-store"}, "application/json")

    if (counted := studio.metrics) is None:
        return list(router.routes)

    @router.get(METRICS, summary="How the server fares, for Prometheus", response_class=Response, responses=_TEXT)
    async def metrics() -> Response:
        """Jobs by model and outcome, durations of their phases, queue, models, memory, and requests not let in."""
        return Response(await run_in_threadpool(counted.text), headers={"Content-Type": MEDIA_TYPE})

    return list(router.routes)


def health(engine: Engine, detailed: bool) -> Health:
    """Of `engine` at the moment."""
    now = engine.standing()
    details = _details(engine, now) if detailed else None
    return Health(live=now.alive, ready=now.trouble is None, reason=now.trouble, details=details)


def _details(engine: Engine, now: Standing) -> Details:
    device = engine.device()
    return Details(
        version=VERSION,
        device=device.label if device else None,
        models=list(now.models),
        running=now.running,
        waiting=now.waiting,
    )
