"""Whose GPU time a job takes: spaces looks for the visitor's token in the request that gradio says it answers."""

from __future__ import annotations

from gradio.context import LocalContext
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send


class Visit:
    """Says so for the doors beside gradio's own; those it answers itself, gradio sets over it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            LocalContext.request.set(HTTPConnection(scope))  # type: ignore[arg-type]  # its headers are all that is read
        await self._app(scope, receive, send)
