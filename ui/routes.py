"""What the routes of all tabs share: who may come in, and what an answer tells the browser."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

NOSNIFF = {"X-Content-Type-Options": "nosniff"}
HEADERS = NOSNIFF | {
    "Cache-Control": "private, max-age=31536000, immutable",  # for what never changes
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
UNKEPT = NOSNIFF | {"Cache-Control": "no-store"}

Endpoint = Callable[[Request], Response]


def let_in(request: Request) -> bool:
    """Whether gradio would let this visitor in, who may have to log in."""
    app = request.app
    if app.auth is None:
        return True
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    return any(app.tokens.get(request.cookies.get(name)) is not None for name in names)
