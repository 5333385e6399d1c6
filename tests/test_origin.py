"""Where links lead back to."""

import pytest
from starlette.requests import Request

from api.origin import origin


@pytest.mark.parametrize(
    ("headers", "root_path", "found"),
    [
        ({}, "", "http://darkroom:7860"),
        ({"x-forwarded-host": "a.gradio.live", "x-forwarded-proto": "https"}, "", "https://a.gradio.live"),
        ({"x-forwarded-host": "a.example, b.example", "x-forwarded-proto": "https, http"}, "", "https://a.example"),
        ({"x-forwarded-host": "a.example/evil?"}, "", "http://darkroom:7860"),
        ({}, "/draw/", "http://darkroom:7860/draw"),
        ({}, "https://a.example/draw", "http://darkroom:7860/draw"),
    ],
)
def test_a_link_leads_back_to_where_the_client_came_by(headers: dict[str, str], root_path: str, found: str) -> None:
    sent = {"host": "darkroom:7860", **headers}.items()
    raw = [(name.encode(), value.encode()) for name, value in sent]
    scope = {"type": "http", "scheme": "http", "path": "/", "root_path": root_path, "headers": raw}
    assert origin(Request(scope)) == found
