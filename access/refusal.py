"""What somebody is told who is not let in, in the form of the door that they stand before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

BASIC = 'Basic realm="Darkroom", charset="UTF-8"'
BEARER = 'Bearer realm="Darkroom"'  # a browser does not ask for a password by itself when it reads that


def refusal(path: str, status: int, message: str, headers: Mapping[str, str]) -> JSONResponse:
    """With status 401 or 429."""
    basic = path.startswith(("/sdapi/", "/internal/"))
    challenge = {"WWW-Authenticate": BASIC if basic else BEARER} if status == 401 else {}
    return JSONResponse(_body(path, status, message), status, {"Cache-Control": "no-store", **challenge, **headers})


def _body(path: str, status: int, message: str) -> dict[str, Any]:
    if path.startswith("/v1/"):
        kind, code = ("rate_limit_error", "rate_limit_exceeded") if status == 429 else _OPENAI_KEY
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}
    if path.startswith(("/sdapi/", "/internal/")):
        return {"error": "HTTPException", "detail": message, "body": "", "errors": ""}
    return {"detail": message}


_OPENAI_KEY = ("invalid_request_error", "invalid_api_key")
