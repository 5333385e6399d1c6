"""The routes of AUTOMATIC1111's API, at the paths where its clients look for them."""

from __future__ import annotations

from starlette.routing import BaseRoute

from api.a1111 import generating, lists, machine, options, pictures, progress
from api.a1111.desk import Desk
from studio import Studio


def routes(studio: Studio) -> list[BaseRoute]:
    """For the programs that use `studio` as they would use AUTOMATIC1111."""
    desk = Desk(studio)
    parts = (generating, progress, options, lists, pictures, machine)
    beside = (*progress.internal(desk), *machine.about(desk))
    return [*(route for part in parts for route in part.routes(desk)), *beside]
