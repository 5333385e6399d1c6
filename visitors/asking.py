"""Who asks, and what they may have of what others made: read by the page and by every door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from generation.caller import Caller
from visitors.owner import PASSING, owner, passing

NOBODY = "f" * 16  # an owner who has nothing


def caller_of(request: Any) -> Caller:
    """Who sent `request`: gradio's or starlette's, or None where no middleware has seen it.

    A page whose browser keeps no cookies is known for as long as it is open, by gradio's random name for it.
    """
    asked = getattr(request, "request", request)
    caller: Caller = getattr(asked.state, "caller", Caller()) if asked else Caller()
    session = getattr(request, "session_hash", None)
    if session and caller.owner and passing(caller.owner):
        return replace(caller, owner=owner(PASSING, session))
    return caller


def found_by(caller: Caller, private: bool) -> str | None:
    """Whose pictures `caller` finds, and may change: their own, or None: everybody's."""
    return (caller.owner or NOBODY) if private else None


def open_to(caller: Caller, whose: str, private: bool) -> bool:
    """Whether `caller`, who was told the id of something of `whose`, may have it."""
    return not private or (bool(whose) and (whose == caller.owner or passing(whose)))
