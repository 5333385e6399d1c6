"""Whatever else begins with /v1 is not there, and says so in OpenAI's form."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.openai.refusals import answer

PREFIX = "/v1/"


class Elsewhere(BaseRoute):
    """Behind the door's own routes. Starlette's patterns would leave out paths with line breaks in them."""

    def __init__(self, known: Sequence[BaseRoute]) -> None:
        self._known = tuple(known)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        ours = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = f"{scope['method']} {ascii(scope['path'])[1:-1][:100]}"
        response = answer(404, f"There is no {asked} here.", "unknown_url")
        for route in self._known:
            if route.matches(scope)[0] is Match.PARTIAL:  # of another method
                allowed = ", ".join(sorted(getattr(route, "methods", ())))
                response = answer(405, f"{asked} is not answered; {allowed} is.", headers={"Allow": allowed})
        await response(scope, receive, send)
