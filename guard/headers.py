"""What every answer tells the browser."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from guard.rules import Rules

CORS = (
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
)


class Answer:
    """One answer on its way to a page of `origin`, or to a program, which sends none."""

    def __init__(self, rules: Rules, origin: str | None, send: Send) -> None:
        self.status = 0  # none was sent yet
        self._policy, self._send = policy(rules), send
        self._origin = origin if origin is not None and rules.origin(origin) else None

    async def send(self, message: Message) -> None:
        """Pass it on with our headers. What a route says itself stays as it is, but for whom it lets read along."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
            headers.setdefault("Content-Security-Policy", self._policy)
            for name in CORS:
                del headers[name]
            self._allow(headers)
            self.status = message["status"]
        await self._send(message)

    async def preflight(self, wanted: str) -> None:
        """Tell a page that it may ask what it wants to ask, with the headers that are `wanted`."""
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        headers = MutableHeaders(scope=start)
        self._allow(headers)
        headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        headers["Access-Control-Allow-Headers"] = wanted
        headers["Access-Control-Max-Age"] = "600"
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b""})

    def _allow(self, headers: MutableHeaders) -> None:
        if self._origin:
            headers["Access-Control-Allow-Origin"] = self._origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers.add_vary_header("Origin")


def policy(rules: Rules) -> str:
    """As strict as gradio's page stands it: it has scripts and styles within, and makes functions of texts."""
    assets = " ".join(("", *rules.assets))
    frames = " ".join(("", *rules.frames))
    return "; ".join(
        (
            f"default-src 'self'{assets}",
            f"script-src 'self' 'unsafe-inline' 'unsafe-eval'{assets}",
            f"style-src 'self' 'unsafe-inline'{assets}",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            f"font-src 'self' data:{assets}",
            f"connect-src 'self' data: blob:{assets}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors 'self'{frames}",
        )
    )
