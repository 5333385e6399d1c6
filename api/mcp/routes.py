"""The one address of the protocol."""

from __future__ import annotations

from starlette.routing import BaseRoute

from studio import Studio


def routes(studio: Studio) -> list[BaseRoute]:
    """None where assistants may not come in."""
    if not studio.mcp:
        return []
    from api.mcp.door import Door, DoorRoute  # loads the SDK, which costs a part of a second

    return [DoorRoute(Door(studio))]
