"""What a refusal looks like to the clients of each door: they read only what they know."""

from __future__ import annotations

from typing import Any

OPENAI = ("/v1/",)
A1111 = ("/sdapi/", "/internal/")
_TYPES = {403: "permission_error", 429: "rate_limit_error"}


def body(path: str, status: int, message: str, code: str) -> dict[str, Any]:
    """For whoever asked for `path`; `code` is for programs to tell refusals apart by."""
    if path.startswith(A1111):
        return a1111(status, message)
    error = {"message": message, "type": kind(status), "param": None, "code": code}
    return {"error": error} if path.startswith(OPENAI) else {"error": error, "detail": message}


def a1111(status: int, message: str, error: str = "HTTPException") -> dict[str, Any]:
    """As AUTOMATIC1111 has it; `error` is the kind of the exception."""
    return {"error": error, "detail": message, "body": "", "errors": f"{status}: {message}"}


def kind(status: int) -> str:
    """What OpenAI calls errors with that status."""
    return _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
