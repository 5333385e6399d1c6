"""Everything that is refused or fails, in OpenAI's form and with the status that its SDKs tell errors apart by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

import errors
from api import refusals
from api.answering import route_class
from api.openai.asked import Asked
from guard import forms

MODEL = "model"  # the field of a model that is not on offer
_CODES = {  # the first that fits
    errors.ShuttingDown: "server_shutting_down",
    errors.QueueFull: "rate_limit_exceeded",
    errors.RefusedPrompt: "content_policy_violation",
    errors.NotLetIn: "invalid_api_key",
    errors.InvalidRequest: "invalid_value",
    errors.UnknownPicture: "not_found",
    errors.ModelUnavailable: "model_unavailable",
    errors.OutOfMemory: "out_of_memory",
    errors.Interrupted: "interrupted",
}
ONCE = {"x-should-retry": "false"}  # the SDKs ask three times otherwise, whatever the server's error is
_BY_STATUS = {401: "invalid_api_key", 404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}


class Error(BaseModel):
    """What is wrong."""

    message: Annotated[str, Field(description="What it was, what is accepted, what to do.")]
    type: Annotated[str, Field(description="The kind of error; it follows from the status.")]
    param: Annotated[str | None, Field(description="The field of the request that it is about.")]
    code: Annotated[str | None, Field(description="For programs to tell errors apart by.")]


class Refusal(BaseModel):
    """The body of every answer that is no success."""

    error: Error


class Invalid(errors.InvalidRequest):
    """One whose code says more."""

    def __init__(self, message: str, field: str, code: str) -> None:
        super().__init__(message, field)
        self.code = code


def told(error: Exception) -> Response:
    """The answer that tells of `error`."""
    if isinstance(error, RequestValidationError):
        return refused(_invalid(error))
    if isinstance(error, HTTPException):
        return answer(error.status_code, str(error.detail), headers=error.headers)
    if isinstance(error, (errors.DarkroomError, errors.Cancelled)):
        return refused(error)
    return answer(500, errors.BROKE, headers=ONCE)


Route = route_class(told)


def refused(error: errors.DarkroomError | errors.Cancelled) -> Response:
    """What was raised on purpose, in OpenAI's form."""
    status = status_of(error)
    headers = {} if isinstance(error, errors.Cancelled) else dict(refusals.headers(error))
    if status >= 500 and not isinstance(error, (errors.QueueFull, errors.Interrupted)):
        headers |= ONCE
    return _response(status, described(error), headers)


def status_of(error: errors.DarkroomError | errors.Cancelled) -> int:
    """400, 404, 429, 500 or 503."""
    if isinstance(error, errors.Cancelled):
        return 503
    unknown = isinstance(error, errors.InvalidRequest) and error.field == MODEL and not isinstance(error, Invalid)
    return 404 if unknown else refusals.status(error)


def described(error: errors.DarkroomError | errors.Cancelled) -> Error:
    """`error` as it stands in an answer, or in a stream that has begun."""
    status = status_of(error)
    if isinstance(error, errors.Cancelled):
        message = "The job was cancelled at the server. Nothing came of it."
        return Error(message=message, type=forms.kind(status), param=None, code="cancelled")
    code = (
        error.code
        if isinstance(error, Invalid)
        else next((it for kind, it in _CODES.items() if isinstance(error, kind)), None)
    )
    param = error.field or None if isinstance(error, errors.InvalidRequest) else None
    return Error(
        message=str(error),
        type=forms.kind(status),
        param=param,
        code="model_not_found" if param == MODEL and status == 404 else code,
    )


def answer(status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal with that status; without a `code` the one that is usual for it."""
    told = Error(message=message, type=forms.kind(status), param=None, code=code or _BY_STATUS.get(status))
    return _response(status, told, headers or {})


def encoded(error: Error) -> bytes:
    """As JSON in ASCII: whatever a client sent may stand in it, lone surrogates too."""
    return json.dumps(Refusal(error=error).model_dump()).encode()


def _response(status: int, error: Error, headers: Mapping[str, str]) -> Response:
    return Response(encoded(error), status, dict(headers), "application/json")


def _invalid(error: RequestValidationError) -> errors.InvalidRequest:
    """The first thing that is wrong with the body, or the path."""
    first = error.errors()[0]
    kind, where = first["type"], [str(part) for part in first["loc"][1:]]
    param = ascii(where[0])[1:-1][:60] if where else ""
    if kind == "json_invalid":
        return Invalid("The body is not JSON. Send an object with a prompt.", "", "invalid_json")
    if kind == "extra_forbidden":
        known = ", ".join(Asked.model_fields)
        return Invalid(f"Unknown parameter: '{param}'. Known are: {known}.", param, "unknown_parameter")
    if kind == "missing":
        param = param or "prompt"
        return Invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")
    shown = ascii(first.get("input"))
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    at = f"'{param}'" if param else "the body, which is a JSON object"
    return Invalid(f"Invalid value for {at}: {shown}. {first['msg']}.", param, "invalid_value")
