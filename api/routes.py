"""All routes for programs."""

from __future__ import annotations

from starlette.routing import BaseRoute

from api.mcp import routes as mcp
from api.openai import routes as openai
from studio import Studio


def routes(studio: Studio) -> list[BaseRoute]:
    """What is served beside the page of `studio`."""
    return [*openai.routes(studio), *mcp.routes(studio)]
