"""What programs can use, described: /openapi.json as it is, and /docs as it is read, without a network."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs  # comes with schemathesis
import pytest
from playwright.sync_api import Browser, ViewportSize

from access.accounts import password_hash
from access.listing import put
from api.docs.schema import operations
from api.version import VERSION
from tests.serving import Served, served, two_models
from tests.test_browser import browser  # noqa: F401 - fixture
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
Told = dict[str, Any]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture(scope="module")
def told(page: Served) -> Told:
    answer = httpx.get(f"{page.url}/openapi.json", timeout=PATIENCE)
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


def test_it_describes_our_doors_and_nothing_of_gradio(told: Told) -> None:
    paths = list(told["paths"])
    assert {"/v1/images/generations", "/sdapi/v1/txt2img", "/healthz", "/metrics"} <= set(paths)
    assert [path for path in paths if not path.startswith(("/v1/", "/sdapi/v1/", "/internal/"))] == [
        *("/app_id", "/queue/status", "/healthz", "/metrics"),
    ]


def test_gradios_own_description_is_not_there(page: Served) -> None:
    for path in ("/redoc", "/gradio_api/openapi.json", "/docs/oauth2-redirect"):
        assert httpx.get(page.url + path, timeout=PATIENCE).status_code == 404


def test_every_operation_says_what_it_does_what_it_takes_and_how_it_is_refused(told: Told) -> None:
    ids = []
    for path, method, operation in operations(told):
        at = f"{method} {path}"
        ids.append(operation["operationId"])
        assert operation["summary"], at
        assert len(operation["tags"]) == 1, at
        assert "403" in operation["responses"], at
        assert ("413" in operation["responses"]) is (method == "post"), at
        assert not {"200", "501"}.isdisjoint(operation["responses"]), at
        for status, answer in operation["responses"].items():
            assert answer["description"], f"{at} {status}"
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{at} {parameter['name']}"
    assert len(ids) == len(set(ids))


def test_every_field_of_every_form_is_described(told: Told) -> None:
    untold = [
        f"{name}.{field}"
        for name, form in told["components"]["schemas"].items()
        for field, said in form.get("properties", {}).items()
        if not said.get("description") and "$ref" not in said
    ]
    assert untold == []


def test_every_reference_leads_to_a_form_that_is_valid_json_schema(told: Told) -> None:
    forms = told["components"]["schemas"]
    text = str(told)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(forms)
    for form in forms.values():
        jsonschema_rs.meta.validate(form)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/images/generations", {"Content-Type": "text/plain"}, 415),
        ("POST", "/v1/images/generations", {"Origin": "https://evil.example"}, 403),
        ("GET", "/v1/models", {"Host": "evil.example"}, 403),
        ("POST", "/sdapi/v1/txt2img", {"Content-Type": "text/plain"}, 415),
        ("POST", "/sdapi/v1/interrupt", {"Origin": "null"}, 403),
        ("GET", "/sdapi/v1/sd-models", {"Host": "evil.example"}, 403),
        ("GET", "/healthz", {"Host": "evil.example"}, 403),
        ("GET", "/metrics", {"Host": "evil.example"}, 403),
        ("GET", "/healthz", {}, 200),
    ],
)
def test_what_is_answered_has_the_form_that_is_described(
    page: Served, told: Told, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    content = b"{}" if method == "POST" else None
    answer = httpx.request(method, page.url + path, headers=headers, content=content, timeout=PATIENCE)
    assert answer.status_code == status
    described = told["paths"][path][method.lower()]["responses"][str(status)]
    schema = described["content"]["application/json"]["schema"] | {"components": told["components"]}
    jsonschema_rs.validate(schema, answer.json())


def test_the_version_is_the_changelogs(told: Told) -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert VERSION == headings[0] == told["info"]["version"]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """One where one has to log in, or may look."""
    folder = tmp_path_factory.mktemp("closed")
    put(folder / "users.txt", "ada", password_hash("a secret of ada's"))
    access = {"users": "users.txt", "anonymous": "look"}
    with served(two_models(folder, checkpoints["sd"], access=access)) as there:
        yield there


def test_where_one_has_to_log_in_the_ways_are_described(closed: Served, told: Told) -> None:
    other = httpx.get(f"{closed.url}/openapi.json", timeout=PATIENCE).json()
    assert set(other["components"]["securitySchemes"]) == {"bearer", "basic"}
    assert other["security"] == [{"bearer": []}, {"basic": []}, {}]
    assert other["paths"]["/healthz"]["get"]["security"] == []
    assert "401" in other["paths"]["/sdapi/v1/txt2img"]["post"]["responses"]
    assert "security" not in told
    assert "401" not in told["paths"]["/sdapi/v1/txt2img"]["post"]["responses"]


def test_an_operator_may_leave_it_undescribed(
    tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints
) -> None:
    path = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"], server={"docs": False})
    with served(path) as there:
        for name in ("/docs", "/openapi.json"):
            assert httpx.get(there.url + name, timeout=PATIENCE).status_code == 404


@pytest.mark.browser
def test_the_page_is_read_without_a_network_a_script_or_a_scrollbar_to_the_side(
    browser: Browser,  # noqa: F811
    page: Served,
    told: Told,
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=ViewportSize(width=390, height=844))
    tab, asked, said = context.new_page(), list[str](), list[str]()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"{page.url}/docs")
    assert tab.locator("details").count() == len(list(operations(told)))
    tab.get_by_text("/v1/images/generations").last.click()
    body = tab.locator("details[open]")
    assert body.get_by_text("prompt", exact=True).first.is_visible()
    assert tab.locator("a[href^='#form-']").count() > 20
    assert all(url.startswith((page.url, "data:")) for url in asked)
    assert said == []
    box = tab.locator("html").bounding_box()
    assert box
    assert box["width"] <= 390
    context.close()
