"""Errors in the form in which AUTOMATIC1111 tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

import errors
from api import refusals
from api.answering import route_class
from guard import forms

PREFIX = "/sdapi/v1"
_FIELDS = {  # of a request that A1111 calls otherwise
    "guidance_scale": "cfg_scale",
    "count": "batch_size × n_iter",
    "model": "sd_model_checkpoint",
    "sampler": "sampler_name",
}


class Refusal(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="The kind of the error.")
    detail: str = Field(description="What it was, what is accepted, what to do.")
    body: str = Field(default="", description="Always empty.")
    errors: str = Field(default="", description="The same once more, behind the status.")


class Misfit(BaseModel):
    """One value of a body that is not of the right form."""

    loc: list[str | int] = Field(description="Where it stands.")
    msg: str = Field(description="What is accepted.")
    type: str = Field(description="The kind of the error.")


class Misfits(BaseModel):
    """All values of a body that are not of the right form."""

    detail: list[Misfit] | str = Field(description="A text where A1111 refuses a script.")


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "Something asked for can't be had."},
    401: {"model": Refusal, "description": "Who asks is not known here."},
    413: {"model": Refusal, "description": "The body is too large."},
    422: {"model": Misfits, "description": "The body is not of the right form."},
    429: {"model": Refusal, "description": "Too many jobs wait; Retry-After says when to ask again."},
    500: {"model": Refusal, "description": "The run went wrong."},
    503: {"model": Refusal, "description": "The model can't be had now, or the server is about to end."},
}


def a1111_router(prefix: str = PREFIX) -> APIRouter:
    """For routes below `prefix` whose errors have A1111's form."""
    return APIRouter(prefix=prefix, route_class=route_class(told), responses=REFUSALS, tags=["A1111"])


def told(error: Exception) -> Response:
    """The answer that A1111 would give."""
    if isinstance(error, RequestValidationError):
        return _answer({"detail": [_misfit(one) for one in error.errors()]}, 422)
    if isinstance(error, HTTPException):
        return _answer(forms.a1111(error.status_code, str(error.detail)), error.status_code, error.headers)
    if isinstance(error, errors.DarkroomError):
        status = refusals.status(error)
        said = forms.a1111(status, _detail(error), type(error).__name__)
        return _answer(said, status, refusals.headers(error))
    return _answer(forms.a1111(500, errors.BROKE), 500)


def _answer(body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """In ASCII: a name that was sent may hold half a character."""
    return Response(json.dumps(body), status, headers, "application/json")


def _detail(error: errors.DarkroomError) -> str:
    if isinstance(error, errors.InvalidRequest) and error.field in _FIELDS:
        return f"{_FIELDS[error.field]}: {error}"
    return str(error)


def _misfit(found: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was sent: that may be long, or nothing that JSON can say."""
    return {"loc": list(found["loc"]), "msg": found["msg"], "type": found["type"]}
