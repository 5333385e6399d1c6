"""Before everything that is served: who is asking, and nothing for those who have to say it first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from access.credentials import Credentials
from access.entrance import Entrance, cookie
from access.refusal import refusal
from access.sessions import LIFE
from errors import NotLetIn, TooManyGuesses
from guard import forms
from visitors.address import Network, address, encrypted, root

OPEN = ("/healthz", "/gradio_api/startup-events")  # the latter is gradio's own, once: the guard closes it then
FONTS = "/static/fonts/"  # that the login page is set in
DOORS = (*forms.OPENAI, *forms.A1111, "/mcp")  # where whoever may look alone changes nothing
OF_HUGGING_FACE = ("/login/huggingface", "/login/callback")
FORM = 16 * 1024  # bytes of a login, at most
CLOSED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self' https://huggingface.co https://*.huggingface.co",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

LoginPage = Callable[[Request, NotLetIn | None], str]  # asks for name and password; what went wrong before, if anything


class Gate:
    """ASGI middleware. Puts the name into `scope["state"]["user"]`; for somebody without one there is no such entry."""

    def __init__(
        self,
        app: ASGIApp,
        entrance: Entrance,
        page: LoginPage,
        proxies: Sequence[Network] = (),
        embedded: bool = False,
    ) -> None:
        """`proxies` say truly from where a request comes. `embedded`: the page stands in another site's frame."""
        self._app, self._entrance, self._page = app, entrance, page
        self._proxies, self._embedded = proxies, embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":  # gradio has no WebSockets, nor have our doors
            return await send({"type": "websocket.close", "code": 1008})
        request = Request(scope, receive)
        scope.setdefault("state", {}).pop("user", None)
        answer = await self._answer(request)
        return await (answer or self._app)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """None: what was asked for is to be had."""
        path = request.scope["path"].rstrip("/")
        if path == "/login" and request.method == "POST":
            return await self._log_in(request)
        if path == "/logout":
            return self._log_out(request)
        if self._open(path):
            return None
        try:
            user = await self._entrance.who(request, address(request.scope, self._proxies))
        except NotLetIn as error:
            return self._refused(request, error)
        if user is not None:
            request.scope["state"]["user"] = user
        if path == "/login":
            return self._login_form(request, user)
        looks = user is None and self._entrance.anonymous == "look"
        request.scope["state"]["looks"] = looks
        acts = request.method not in ("GET", "HEAD") and path.startswith(DOORS)
        if (user is None and self._entrance.anonymous == "nothing") or (looks and acts):
            return self._refused(request, NotLetIn("Log in, or send an API key: Authorization: Bearer KEY."))
        return None

    def _open(self, path: str) -> bool:
        """What everybody gets."""
        return path in OPEN or path.startswith(FONTS) or (self._entrance.hf and path in OF_HUGGING_FACE)

    def _login_form(self, request: Request, user: str | None) -> Response:
        if user is not None:
            return RedirectResponse(root(request) + "/", 303)
        return HTMLResponse(self._page(request, None), headers=CLOSED)

    async def _log_in(self, request: Request) -> Response:
        try:
            form = await _form(request)
            said = Credentials(form.get("username", "").strip(), form.get("password", ""))
            token = await self._entrance.log_in(said, address(request.scope, self._proxies))
        except NotLetIn as error:
            return self._refused(request, error)
        answer: Response = JSONResponse({"success": True})  # as gradio's client expects it
        if _reads(request):
            answer = RedirectResponse(root(request) + _local(request.query_params.get("next", "")), 303)
        answer.headers.append("Set-Cookie", self._cookie(request, token, int(LIFE)))
        return answer

    def _log_out(self, request: Request) -> Response | None:
        self._entrance.log_out(request)
        if self._entrance.hf:
            return None  # gradio ends its own login there
        answer = RedirectResponse(root(request) + "/", 303)
        answer.headers.append("Set-Cookie", self._cookie(request, "", 0))
        return answer

    def _refused(self, request: Request, error: NotLetIn) -> Response:
        status, headers = 401, {"Cache-Control": "no-store"}
        if isinstance(error, TooManyGuesses):
            status, headers = 429, headers | {"Retry-After": str(math.ceil(error.retry_seconds))}
        if not _reads(request):
            return refusal(request.scope["path"], status, str(error), headers)
        return HTMLResponse(self._page(request, error if request.method == "POST" else None), status, headers | CLOSED)

    def _cookie(self, request: Request, token: str, seconds: int) -> str:
        """In another site's frame a browser keeps none but one that is declared to be for that."""
        secure = encrypted(request)
        where = "SameSite=None; Secure; Partitioned" if self._embedded else "SameSite=Lax" + "; Secure" * secure
        return f"{cookie(request)}={token}; Path=/; Max-Age={seconds}; HttpOnly; {where}"


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises NotLetIn for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise NotLetIn("A login is a form: username=…&password=…, as application/x-www-form-urlencoded.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM:
            raise NotLetIn(f"A login of more than {FORM} bytes is not read.")
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _reads(request: Request) -> bool:
    """Whether a person is to see the answer, in a browser."""
    return request.method in ("GET", "POST") and "text/html" in request.headers.get("accept", "")


def _local(target: str) -> str:
    """`target`, if it is an address of ours; else the page."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
