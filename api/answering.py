"""Routes of a door that answers every error in a form of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from errors import Cancelled, DarkroomError

log = logging.getLogger(__name__)

_MEANT = (DarkroomError, Cancelled, RequestValidationError, HTTPException)


def route_class(told: Callable[[Exception], Response]) -> type[APIRoute]:
    """For a router: `told` makes the answer of any exception. One that nobody raised on purpose is logged."""

    class Answering(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    return await handle(request)
                except Exception as error:
                    if not isinstance(error, _MEANT):
                        log.exception("%s %s failed", request.method, ascii(request.url.path))
                    return told(error)

            return answered

    return Answering
