"""Errors as each door tells them: of faults of ours, too, which stand in the log."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from api.a1111.refusals import a1111_router
from api.openai.refusals import Route

DOORS = [APIRouter(prefix="/v1", route_class=Route), a1111_router()]


def asked(door: APIRouter) -> httpx.Response:
    """What a route of `door` answers that breaks."""

    async def breaks() -> Any:
        raise ZeroDivisionError("a secret")

    async def ask() -> httpx.Response:
        router = APIRouter(route_class=door.route_class)
        router.add_api_route("/breaks", breaks)
        app = FastAPI()
        app.include_router(router)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://darkroom") as client:
            return await client.get("/breaks")

    return asyncio.run(ask())


@pytest.mark.parametrize("door", DOORS, ids=[door.prefix for door in DOORS])
def test_a_fault_of_ours_is_logged_and_not_explained(door: APIRouter, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = asked(door)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    assert "GET '/breaks' failed" in caplog.text


def test_openais_sdks_are_told_not_to_ask_again() -> None:
    answer = asked(DOORS[0])
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json()["error"]["type"] == "server_error"


def test_a1111s_clients_find_the_reason_where_they_look() -> None:
    assert asked(DOORS[1]).json()["detail"] == "Something broke. The log has the details."
