"""Who somebody is: addresses behind proxies, cookies, accounts, and what whoever handles a request is told."""

import asyncio
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from generation.caller import Caller
from visitors.address import INSIDE, address, encrypted, networks
from visitors.asking import NOBODY, caller_of, found_by, open_to
from visitors.middleware import COOKIE, Visitors
from visitors.owner import ACCOUNT, BROWSER, new_key, owner, passing, somebody

KEY = "k" * 32


# Addresses


@pytest.mark.parametrize(
    ("sender", "forwarded", "proxies", "found"),
    [
        ("8.8.8.8", "", (), "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", (), "8.8.8.8"),  # a stranger's word
        ("8.8.8.8", "9.9.9.9", INSIDE, "8.8.8.8"),
        ("10.0.0.7", "9.9.9.9", INSIDE, "9.9.9.9"),
        ("10.0.0.7", "1.1.1.1, 9.9.9.9", INSIDE, "9.9.9.9"),  # what the visitor wrote stands in front
        ("10.0.0.7", "1.1.1.1, 9.9.9.9, 172.16.4.4", INSIDE, "9.9.9.9"),
        ("10.0.0.7", "9.9.9.9:4711", INSIDE, "9.9.9.9"),
        ("10.0.0.7", "[2001:db8:1:2:3::4]:4711", INSIDE, "2001:db8:1:2::/64"),
        ("10.0.0.7", "1.1.1.1, nonsense", INSIDE, "10.0.0.7"),
        ("10.0.0.7", "10.1.1.1, 10.9.9.9", INSIDE, "10.9.9.9"),  # all known: whom the nearest proxy heard
        ("192.0.2.1", "9.9.9.9", ("192.0.2.1",), "9.9.9.9"),
        ("2001:db8:1:2:aaaa::1", "", (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "", (), "2001:db8:1:2::/64"),
        ("::ffff:8.8.8.8", "", (), "8.8.8.8"),
        ("::ffff:10.0.0.7", "9.9.9.9", INSIDE, "9.9.9.9"),
        (None, "9.9.9.9", INSIDE, ""),
    ],
)
def test_an_address_is_what_no_client_can_choose(
    sender: str | None, forwarded: str, proxies: tuple[str, ...], found: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": (sender, 1) if sender else None, "headers": headers}
    assert address(scope, networks(proxies)) == found


# What an owner is


def test_owners_are_of_a_kind_and_tell_no_key() -> None:
    key = new_key()
    assert len({owner(ACCOUNT, key), owner(BROWSER, key), owner(BROWSER, new_key()), somebody()}) == 4
    assert all(len(it) == 16 and int(it, 16) >= 0 for it in (owner(ACCOUNT, key), owner(BROWSER, key), somebody()))
    assert [passing(it) for it in (owner(ACCOUNT, key), owner(BROWSER, key), somebody())] == [False, False, True]


def test_who_finds_and_who_may_have_what() -> None:
    mine, other, gone = Caller(owner(BROWSER, "m")), owner(BROWSER, "o"), somebody()
    assert found_by(mine, private=False) is None
    assert found_by(mine, private=True) == mine.owner
    assert found_by(Caller(), private=True) == NOBODY
    assert [open_to(mine, it, private=True) for it in (mine.owner, other, "", gone)] == [True, False, False, True]
    assert not open_to(Caller(), "", private=True)
    assert all(open_to(mine, it, private=False) for it in (mine.owner, other, "", gone))


@pytest.mark.parametrize(
    ("scheme", "told", "secure"),
    [
        ("http", None, False),
        ("https", None, True),
        ("http", "https", True),
        ("http", "https, http", True),  # by two proxies
        ("https", "http", False),
        ("http", "nonsense", False),
    ],
)
def test_whether_somebody_came_by_https(scheme: str, told: str | None, secure: bool) -> None:
    headers = [] if told is None else [(b"x-forwarded-proto", told.encode())]
    scope = {"type": "http", "scheme": scheme, "path": "/", "headers": headers, "server": ("darkroom", 80)}
    assert encrypted(HTTPConnection(scope)) is secure


# The middleware


class Accounts:
    """Stands where whoever checks accounts and keys stands, and believes a header."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = dict(scope["headers"]).get(b"x-user")
        if name:
            scope.setdefault("state", {})["user"] = name.decode()
        await self.app(scope, receive, send)


def page(request: Request) -> Response:
    return HTMLResponse(caller_of(request).owner)


def told(request: Request) -> Response:
    return JSONResponse(vars(caller_of(request)))


def client(base: str = "http://darkroom", **options: Any) -> httpx.AsyncClient:
    middleware = [Middleware(Accounts), Middleware(Visitors, **options)]
    app = Starlette(routes=[Route("/", page), Route("/told", told)], middleware=middleware)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("8.8.8.8", 1)), base_url=base)


def test_the_page_brings_a_key_that_is_known_from_then_on() -> None:
    async def visit() -> None:
        async with client(private=True) as browser:
            cookie = (await browser.get("/")).headers["set-cookie"]
            assert "; HttpOnly; SameSite=Lax" in cookie
            assert "Secure" not in cookie
            first, second = [(await browser.get("/told")).json() for _ in range(2)]
            assert (
                first == second == {"owner": owner(BROWSER, browser.cookies[COOKIE]), "counted_as": "", "looks": False}
            )
            again = (await browser.get("/")).headers["set-cookie"]  # which it then keeps for longer
            assert browser.cookies[COOKIE] in again

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("base", "headers"), [("https://darkroom", {}), ("http://darkroom", {"X-Forwarded-Proto": "https"})]
)
def test_over_https_the_key_is_kept_in_another_sites_frame(base: str, headers: dict[str, str]) -> None:
    async def visit() -> str:
        async with client(base) as browser:
            return str((await browser.get("/", headers=headers)).headers["set-cookie"])

    assert asyncio.run(visit()).endswith("; HttpOnly; SameSite=None; Secure; Partitioned")


def test_what_is_no_page_brings_no_key_and_a_page_is_in_no_cache_of_many() -> None:
    async def visit() -> None:
        async with client() as program:
            assert "set-cookie" not in (await program.get("/told")).headers
            assert (await program.get("/")).headers["cache-control"] == "private, no-cache"

    asyncio.run(visit())


def test_whoever_has_no_key_is_somebody_else_each_time_where_everyone_sees_their_own() -> None:
    async def visit(**options: Any) -> list[str]:
        async with client(**options) as program:
            return [(await program.get("/told")).json()["owner"] for _ in range(2)]

    one, other = asyncio.run(visit(private=True))
    assert one != other
    assert passing(one)
    assert asyncio.run(visit()) == ["", ""]


@pytest.mark.parametrize("key", ["short", "k" * 200, "k" * 31 + "%", ""])
def test_a_key_that_cannot_be_ours_is_none(key: str) -> None:
    async def visit() -> str:
        async with client(private=True) as browser:
            return str((await browser.get("/told", headers={"Cookie": f"{COOKIE}={key}"})).json()["owner"])

    assert passing(asyncio.run(visit()))


def test_an_account_stands_in_the_place_of_a_key() -> None:
    async def visit() -> None:
        async with client(private=True, public=True) as browser:
            headers = {"X-User": "ada", "Cookie": f"{COOKIE}={KEY}"}
            known = (await browser.get("/told", headers=headers)).json()
            assert known == vars(Caller(owner(ACCOUNT, "ada"), "account ada"))
            assert "set-cookie" not in (await browser.get("/", headers=headers)).headers

    asyncio.run(visit())


def test_whoever_throws_their_key_away_is_counted_as_before() -> None:
    async def visit() -> set[str]:
        async with client(private=True, public=True) as browser:
            told = [(await browser.get("/told", headers={"Cookie": f"{COOKIE}={new_key()}"})).json() for _ in range(3)]
            assert len({it["owner"] for it in told}) == 3
            return {it["counted_as"] for it in told}

    assert asyncio.run(visit()) == {"address 8.8.8.8"}


def test_the_page_asks_as_the_request_that_it_came_with() -> None:
    caller = Caller(owner(BROWSER, KEY), "address 8.8.8.8")
    request = Request({"type": "http", "headers": [], "state": {"caller": caller}})
    assert caller_of(request) == caller_of(gr.Request(request, session_hash="abc")) == caller
    assert caller_of(gr.Request(headers={})) == caller_of(None) == Caller()


def test_a_page_without_cookies_is_known_while_it_is_open() -> None:
    def asked(session: str) -> Caller:
        request = Request({"type": "http", "headers": [], "state": {"caller": Caller(somebody(), "address 8.8.8.8")}})
        return caller_of(gr.Request(request, session_hash=session))

    assert asked("one") == asked("one")
    assert asked("one").owner != asked("other").owner
    assert passing(asked("one").owner)
    assert asked("one").counted_as == "address 8.8.8.8"
