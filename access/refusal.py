"""What somebody is told who is not let in, in the form of the door that they stand before."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from guard import forms

BASIC = 'Basic realm="Darkroom", charset="UTF-8"'
BEARER = 'Bearer realm="Darkroom"'  # a browser does not ask for a password by itself when it reads that


_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


def refusal(path: str, status: int, message: str, headers: Mapping[str, str]) -> JSONResponse:
    """With status 401 or 429."""
    basic = path.startswith(forms.A1111)
    challenge = {"WWW-Authenticate": BASIC if basic else BEARER} if status == 401 else {}
    return JSONResponse(
        forms.body(path, status, message, _CODES[status]), status, {"Cache-Control": "no-store", **challenge, **headers}
    )
