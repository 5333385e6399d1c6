"""What a program is told that asks one of gradio's endpoints for what makes no sense there.

Gradio itself leaves most of that to a traceback and HTTP 500.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from starlette.requests import Request
from starlette.responses import Response

from guard import forms
from guard.gradio_paths import PREFIX

log = logging.getLogger(__name__)
Handler = Callable[[Request, Exception], Response]


def handlers() -> Mapping[type[Exception], Handler]:
    """For the server of the page. What is not of gradio's endpoints stays a fault of ours."""
    return {
        RequestValidationError: _misfit,
        **dict.fromkeys((FnIndexInferError, LookupError, ValueError, TypeError), _senseless),
    }


def _misfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _told(request, 422, f"{ascii(where)[1:-1][:80]}: {first['msg']}.", "invalid_body")


def _senseless(request: Request, error: Exception) -> Response:
    if not request.url.path.startswith(PREFIX):
        raise error
    log.info("%s refused", ascii(request.url.path), exc_info=error)
    said = f"No endpoint makes sense of that. What they take is at {PREFIX}/info, and in docs/endpoints.json."
    return _told(request, 400, said, "invalid_request")


def _told(request: Request, status: int, message: str, code: str) -> Response:
    body: dict[str, Any] = forms.body(request.url.path, status, message, code)
    return Response(json.dumps(body), status, media_type="application/json")
