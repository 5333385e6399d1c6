"""What the routes of all tabs share: what an answer tells the browser."""

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
