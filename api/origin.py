"""The address by which a client came, for links that lead it back here."""

from __future__ import annotations

import re

from starlette.requests import Request

from visitors.address import encrypted, root

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def origin(request: Request) -> str:
    """Scheme, host and the path below which we are served, as the proxies of share links and Spaces tell it."""
    told = request.headers.get("x-forwarded-host", "").partition(",")[0].strip()
    host = told if _HOST.fullmatch(told) else request.url.netloc
    return f"{'https' if encrypted(request) else 'http'}://{host}{root(request)}"
