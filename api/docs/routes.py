"""`GET /openapi.json`, and `GET /docs` which is the same to read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.docs.page import POLICY, page
from api.docs.schema import Schema, schema
from api.origin import origin
from studio import Studio


def routes(studio: Studio, doors: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Of `doors`. None where they are not to be described."""
    if not studio.documented:
        return []

    @cache
    def whole() -> Schema:
        """Made when somebody first asks: it takes as long as a fifth of all that the page needs to start."""
        return schema(studio, doors)

    def told(request: Request) -> Response:
        return JSONResponse(whole())

    def read(request: Request) -> Response:
        return HTMLResponse(page(whole(), origin(request)), headers={"Content-Security-Policy": POLICY})

    return [Route("/openapi.json", told), Route("/docs", read)]
