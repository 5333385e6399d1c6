"""The login page: plain HTML, without a script and without gradio, which whoever is not let in does not reach."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.requests import Request

from access.entrance import Entrance
from colours import stylesheet
from errors import NotLetIn, TooManyGuesses
from ui.texts import TEXTS, Texts, language
from ui.theme import ICON
from visitors.address import root

_PAGE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))


def login_page(entrance: Entrance) -> Callable[[Request, NotLetIn | None], str]:
    """The page with the ways that there are to log in."""

    def page(request: Request, refused: NotLetIn | None) -> str:
        tag = language(request.headers.get("accept-language"))
        texts, below = TEXTS[tag], root(request)
        ways = _passwords(below, _wanted(request), _said(refused, texts), texts) if entrance.by_password else ""
        if entrance.hf:
            ways += f'<a class="button" href="{escape(below)}/login/huggingface">{escape(texts["login_hf"])}</a>'
        title = escape(texts["login_title"])
        return _PAGE.substitute(
            language=tag, title=title, root=escape(below), icon=ICON, colours=stylesheet(), ways=ways
        )

    return page


def _passwords(root: str, wanted: str, said: str, texts: Texts) -> str:
    return (
        f'<form method="post" action="{escape(root)}/login?next={quote(wanted)}">'
        f"<label>{escape(texts['login_user'])}"
        '<input name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>'
        f"</label><label><span>{escape(texts['login_password'])} {escape(texts['login_password_hint'])}</span>"
        '<input name="password" type="password" autocomplete="current-password" required></label>'
        f'<p role="alert">{escape(said)}</p><button>{escape(texts["login"])}</button></form>'
    )


def _said(refused: NotLetIn | None, texts: Texts) -> str:
    if isinstance(refused, TooManyGuesses):
        return texts["login_wait"].format(seconds=math.ceil(refused.retry_seconds))
    return texts["login_wrong"] if refused else ""


def _wanted(request: Request) -> str:
    """Where to go afterwards: where somebody wanted to, prompt and model of a link included."""
    path, query = request.scope["path"], request.url.query
    if path.rstrip("/") == "/login":
        return request.query_params.get("next", "/")
    return (f"{path}?{query}" if query else path) if request.method == "GET" else "/"
