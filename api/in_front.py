"""What every door's clients can be answered from in front of it: by the guard, and by the gate where one logs in.

A door that declares 4XX, or 400 with a form of its own, has these in that form; see guard.forms.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """What is wrong."""

    message: str = Field(description="What it was, what is accepted, what to do.")
    type: str = Field(description="The kind of error; it follows from the status.")
    param: str | None = Field(description="Always null.")
    code: str = Field(description="For programs to tell errors apart by.")


class Refused(BaseModel):
    """Why a request is not let in."""

    error: Problem
    detail: str = Field(description="The message once more.")


FORBIDDEN = "The Host is no name of this server, or the Origin is another site."
RESPONSES: dict[int | str, dict[str, Any]] = {403: {"model": Refused, "description": FORBIDDEN}}


def answers(*, sends: bool, asks: bool) -> dict[int, str]:
    """What can be answered from in front: `sends` with a body, `asks` where one has to say who one is."""
    found = {403: FORBIDDEN}
    if sends:
        found |= {
            408: "The body did not come in time.",
            413: "The body is too large.",
            415: "The body is of another kind than is accepted.",
        }
    if asks:
        found |= {
            401: "Nobody said who is asking, or nobody is known by what was said.",
            429: "Too many guesses; Retry-After says when to ask again.",
        }
    return found
