"""The page's own addresses and gradio's endpoints, asked what no page and no client of theirs would ask."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from comparison.plan import Plan
from gallery.search import Search
from studio import Studio
from tests.deployments import entry, written
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until
from ui.compare.exports import EXPORTS, VOTES
from ui.compare.handlers import under_way
from ui.server import launch_options

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", 2000)) // 4
SETTINGS = settings(
    max_examples=REQUESTS,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize="FUZZ_REQUESTS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
NAMES = ("..", "../../etc/passwd", ".", "\0", "run.json", "1.png", *EXPORTS, *VOTES)
ASKED = ["words", "model", "after", "last", "since", "until", "seed", "width", "owner", "starred", "baseline", "format"]
QUERIES = st.dictionaries(
    st.sampled_from(ASKED), st.text(max_size=30) | st.integers().map(str) | st.just("True"), max_size=4
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "range": st.sampled_from(["bytes=0-", "bytes=1-2-3", "bytes=-", "lines=1"]),
        "if-none-match": st.sampled_from(["*", '"', 'W/"x"']),
        "accept-language": st.sampled_from(["de", "*", ";q=", "en;q=x"]),
        "content-type": st.sampled_from(
            ["application/octet-stream", "application/x-www-form-urlencoded", "application/json", "text/plain", "x"]
        ),
    },
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    model = entry("tiny", checkpoints["sd"], steps={"low": 1, "high": 4, "default": 1})
    limits = {"count": 2, "comparison": 2}
    kept: dict[str, Any] = {name: {"folder": str(folder / name)} for name in ("gallery", "comparison", "measurement")}
    with served(written(folder, model, limits=limits, **kept)) as one:
        made = one.engine.submit(one.engine.request({"prompt": "a tree"}))
        made.result()
        assert one.keeper
        assert one.keeper.settled(made.id, PATIENCE)
        yield one


@pytest.fixture(scope="module")
def ids(there: Served) -> list[str]:
    """Of a picture and of a comparison that are there."""
    assert there.keeper
    assert there.runs
    run = there.runs.start(Plan(prompts=("a tree",), models=("tiny",), seeds=(1,)))
    until(lambda: not under_way(there.runs.record(run)))  # type: ignore[union-attr]
    return [*there.keeper.gallery.ids(Search()), run]


@pytest.fixture(scope="module")
def client(there: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=there.url, timeout=PATIENCE) as one:
        yield one


def test_no_address_of_the_page_breaks(there: Served, client: httpx.Client, ids: list[str]) -> None:
    studio = Studio(there.engine, there.keeper, there.runs, there.runner)
    routes = [route for route in launch_options(studio)["app_kwargs"]["routes"] if isinstance(route, Route)]
    assert len(routes) > 10
    known = st.sampled_from([*ids * 6, *NAMES])
    parts = st.lists(known | st.text(max_size=40), min_size=3, max_size=3)
    bodies = st.binary() | known.map(lambda id: f"ids={id}&format=jpg".encode())

    @given(st.data(), st.sampled_from(routes), parts, QUERIES, HEADERS, bodies)
    @SETTINGS
    def answered(
        data: st.DataObject, route: Route, parts: list[str], query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> None:
        method = data.draw(st.sampled_from([*sorted(route.methods or ()) * 5, *METHODS]))
        filled = iter(parts)
        target = re.sub(r"{[^}]*}", lambda _: quote(next(filled), safe=""), route.path)
        sent = None if method == "GET" else body
        answer = client.request(method, target, params=query, headers=headers, content=sent)
        assert answer.status_code < 500, f"{method} {answer.request.url} {headers} {sent!r}: {answer.text[:300]}"

    answered()


def test_no_call_of_an_endpoint_breaks(there: Served, client: httpx.Client) -> None:
    endpoints = client.get("/gradio_api/info").json()["named_endpoints"]
    names = {name.strip("/"): len(told["parameters"]) for name, told in endpoints.items()}
    assert "generate" in names

    @given(st.data(), st.sampled_from(sorted(names)))
    @SETTINGS
    def answered(data: st.DataObject, name: str) -> None:
        right = st.lists(VALUES, min_size=names[name], max_size=names[name])
        body = data.draw(st.one_of(right, right, VALUES).map(lambda values: {"data": values}) | VALUES)
        asked = client.post(f"/gradio_api/call/{name}", json=body)
        assert asked.status_code < 500, f"{name} {body}: {asked.text[:300]}"
        if asked.status_code == 200:
            told = client.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}")
            last = re.findall(r"^event: (.*)$", told.text, re.MULTILINE)[-1]
            assert last in ("complete", "error"), f"{name} {json.dumps(body)}: {told.text[-300:]}"

    answered()
    until(lambda: not there.engine.jobs())
