"""All routes for programs."""

from __future__ import annotations

from starlette.routing import BaseRoute

from api import operation
from api.a1111 import routes as a1111
from api.docs import routes as docs
from api.mcp import routes as mcp
from api.openai import routes as openai
from studio import Studio


def routes(studio: Studio) -> list[BaseRoute]:
    """What is served beside the page of `studio`."""
    doors = (openai, a1111, mcp, operation)
    offered = [route for door in doors for route in door.routes(studio)]
    return [*offered, *docs.routes(studio, offered)]
