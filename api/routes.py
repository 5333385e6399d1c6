"""All routes for programs."""

from __future__ import annotations

from starlette.routing import BaseRoute

from api.a1111 import routes as a1111
from api.mcp import routes as mcp
from api.openai import routes as openai
from studio import Studio


def routes(studio: Studio) -> list[BaseRoute]:
    """What is served beside the page of `studio`."""
    return [*openai.routes(studio), *a1111.routes(studio), *mcp.routes(studio)]
