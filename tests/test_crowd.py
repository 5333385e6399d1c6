"""More who ask and watch than gradio's queue takes: refused at once, while everything else goes on."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import LONG, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE
from ui.parts import SLOW

ASKED = ["never finished", None, None, LONG["steps"], None, LONG["width"], LONG["height"], None, None, None]


def asks(http: httpx.Client, address: str = "8.8.8.8") -> httpx.Response:
    """One more who wants a picture, from an address behind a proxy on this machine."""
    headers = {"X-Forwarded-For": address}
    return http.post("/gradio_api/call/generate", json={"data": ASKED}, headers=headers)


def test_a_full_queue_answers_at_once_and_what_has_no_queue_goes_on(
    tmp_path: Path, checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SLOW, "concurrency_limit", 1)
    monkeypatch.setattr("ui.layout.WATCHERS", 1)  # four may wait
    path = two_models(tmp_path, checkpoints["sd"])
    with served(path) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        answers = [asks(http) for _ in range(6)]
        assert answers[0].status_code == 200
        assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (503, "5")
        events = http.get("/config").json()["dependencies"]
        (clock,) = (it["id"] for it in events if it["targets"] and it["targets"][0][1] == "tick")
        light = http.post("/gradio_api/run/predict", json={"fn_index": clock, "data": []})
        assert (light.status_code, "Tiny tiny" in light.text) == (200, True)


def test_one_visitor_does_not_fill_the_queue_for_all(
    tmp_path: Path, checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.crowd.SHARE", 2)
    own: dict[str, Any] = {"server": {"public": True}, "safety": {"policy": "off"}, "visitors": {"steps": 900}}
    path = two_models(tmp_path, checkpoints["sd"], **own)
    with served(path) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        assert [asks(http).status_code for _ in range(3)] == [200, 200, 429]
        refused = asks(http)
        assert "all that one visitor may have" in refused.json()["detail"]
        assert refused.headers["retry-after"] == "5"
        assert asks(http, "9.9.9.9").status_code == 200
