"""The options: which model a client's requests get that name none."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body
from starlette.requests import Request
from starlette.routing import BaseRoute

from api.a1111 import settings
from api.a1111.desk import Desk
from api.a1111.refusals import a1111_router
from visitors.asking import caller_of


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes of the options."""
    router = a1111_router()

    @router.get("/options", response_model=dict[str, Any], summary="This client's options")
    async def options(request: Request) -> dict[str, Any]:
        return settings.shown(desk.model(caller_of(request)))

    @router.post("/options", response_model=None, summary="Choose a model")
    async def choose(given: Annotated[dict[str, Any], Body()], request: Request) -> None:
        """`sd_model_checkpoint` is the model of this client's later requests, and of no one else's.

        All options may be sent back as they were. Changes that no picture shows are ignored, others are refused.
        """
        settings.check(given)
        model = settings.model(given, desk.engine.models)
        if model is None:
            return
        desk.choose(caller_of(request), model)
        if desk.operated:  # else anybody could keep the device busy with loading
            desk.engine.preload(model)

    return list(router.routes)
