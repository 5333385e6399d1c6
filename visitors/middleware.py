"""Who asks, for every request that comes in: noted in its scope, and in a cookie of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from generation.caller import Caller
from visitors.address import Network, address, encrypted
from visitors.owner import ACCOUNT, BROWSER, KEY, new_key, owner, somebody

COOKIE = "darkroom-visitor"
KEPT_SECONDS = 400 * 86400  # as long as a browser keeps any cookie


class Visitors:
    """Puts a Caller into the state of each request, where visitors.asking.caller_of finds it.

    Runs behind whoever checks accounts and keys, who puts the name of one into that state as `user`, and `looks` for
    somebody without one who may look and make nothing.
    """

    def __init__(self, app: ASGIApp, private: bool = False, public: bool = False, proxies: Sequence[Network] = ()):
        self.app, self.private, self.public, self.proxies = app, private, public, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked, state = HTTPConnection(scope), scope.setdefault("state", {})
        user, key = state.get("user"), asked.cookies.get(COOKIE, "")
        key = key if KEY.fullmatch(key) else ""
        looks = bool(state.get("looks"))
        state["caller"] = Caller(self._owner(user, key), self._counted_as(user, scope), looks)
        kept = None if user else _cookie(key or new_key(), encrypted(asked))

        async def answer(message: Message) -> None:
            if kept and message["type"] == "http.response.start":
                _keep(MutableHeaders(scope=message), kept)
            await send(message)

        await self.app(scope, receive, answer)

    def _owner(self, user: str | None, key: str) -> str:
        if user:
            return owner(ACCOUNT, user)
        if key:
            return owner(BROWSER, key)
        return somebody() if self.private else ""

    def _counted_as(self, user: str | None, scope: Any) -> str:
        if not self.public:
            return ""
        return f"account {user}" if user else f"address {address(scope, self.proxies)}"


def _keep(headers: MutableHeaders, cookie: str) -> None:
    """Give the page its cookie, and nothing that a cache would give to others."""
    if headers.get("content-type", "").startswith("text/html"):
        headers.append("Set-Cookie", cookie)
        headers.setdefault("Cache-Control", "private, no-cache")


def _cookie(key: str, secure: bool) -> str:
    """Over https it is sent in another site's frame too, as on a Space, and kept for that site alone."""
    frame = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    return f"{COOKIE}={key}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; {frame}"
