"""The route that reads pictures, and what the page shows of them."""

import json
import re
from html import unescape
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from generation.engine import Engine
from recipes.container import MOST_BYTES
from recipes.reading import read
from recipes.taking import known, taken
from tests import picture_files as files
from tests.pictures import models
from tests.pictures import png as our_png
from tests.test_page import HOSTILE
from ui.applying import applied
from ui.reading import views
from ui.reading.routes import KIND, routes
from ui.texts import TEXTS

ENGLISH = TEXTS["en"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(models(), default_model="mini-sd")


@pytest.fixture
def client(engine: Engine) -> TestClient:
    """A server with our route alone."""
    return TestClient(Starlette(routes=routes(engine)))


def sent(client: TestClient, content: bytes, kind: str = KIND, language: str = "en") -> Any:
    return client.post("/reading/read", content=content, headers={"content-type": kind, "accept-language": language})


def shown(content: bytes, engine: Engine) -> str:
    found = read(content)
    said = known(found.recipe.fields, engine.models) if found.recipe else {}
    return views.reading(found, said, taken(engine.request, said), ENGLISH)


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", html))


def test_a_picture_is_answered_with_what_it_says(client: TestClient) -> None:
    answer = sent(client, files.png({"parameters": files.A1111}), language="de-AT")
    assert answer.status_code == 200
    assert "Entstanden mit AUTOMATIC1111" in answer.text
    assert "Was es hier nicht gibt" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_no_more_is_taken_in_than_is_read_and_nothing_from_other_sites(client: TestClient) -> None:
    assert sent(client, files.png(), "text/plain").status_code == 415
    assert sent(client, files.png(), "multipart/form-data; boundary=x").status_code == 415
    assert client.get("/reading/read").status_code == 405
    answer = sent(client, b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES))
    assert (answer.status_code, "at most 32 are read" in answer.text) == (422, True)
    assert sent(client, b"<svg><script>").text == (
        '<p class="refusal" role="alert">The file is an SVG. PNG, JPEG and WebP are read.</p>'
    )


@pytest.mark.parametrize("odd", ["x\ud800\0", "\x1b[31m", "</article><script>", HOSTILE, "a" * 30_000])
def test_whatever_a_file_says_is_shown_as_text(client: TestClient, odd: str) -> None:
    said = {**files.INVOKEAI, "positive_prompt": odd, "scheduler": odd, "model": {"name": odd}, odd: odd}
    answer = sent(
        client, files.png({"invokeai_metadata": json.dumps(said), "Title": odd.encode(errors="replace").decode()})
    )
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "<img src" not in answer.text


def test_what_is_taken_over_stands_and_the_rest_is_struck_and_named(engine: Engine) -> None:
    html = shown(files.png({"parameters": files.A1111}), engine)
    assert "<dd>20</dd>" in html
    assert "<dd><s>512 × 768</s></dd>" in html
    assert "<dd><s>v1-5-pruned</s></dd>" in html
    for named in ("512x768 is 393216 pixels", "LoRA  more_detail:0.8", "Hires upscaler  Latent", "other noise"):
        assert named in text(html)


def test_of_our_own_picture_nothing_is_lacking(engine: Engine) -> None:
    html = shown(our_png(steps=5), engine)
    assert "Made with Darkroom" in html
    assert 'class="lacking"' not in html


def test_a_picture_that_says_nothing_of_its_making(engine: Engine) -> None:
    html = shown(files.png({"Comment": "on holiday"}), engine)
    assert ENGLISH["reading_mute"] in html
    assert "on holiday" in html
    assert "data-act" not in html


def test_what_the_button_holds_comes_to_the_same_request(engine: Engine) -> None:
    html = shown(our_png("a 'quoted' \"one\" &amp;", steps=5, seed=11), engine)
    (said,) = re.findall(r'data-said="([^"]*)"', html)
    told = json.loads(unescape(said))
    request = taken(engine.request, told["fields"]).request
    assert (request.prompt, request.steps, request.seed) == ("a 'quoted' \"one\" &amp;", 5, 11)
    *_, line, tabs = applied(engine, told["fields"], ENGLISH, None, told["others"])
    assert ENGLISH["applied_all"] in line
    assert tabs.selected == "develop"


def test_what_a_browser_makes_up_is_refused_and_named(engine: Engine) -> None:
    made_up = {"steps": "20", "width": 1e308, "seed": [], "model": None, "count": 99, "prompt": {}, "x": HOSTILE}
    bench = applied(engine, made_up, ENGLISH, "bk-sdm-small", [HOSTILE])
    assert bench[0] == ""
    assert "Steps is &#x27;20&#x27;" in bench[-2]
    assert HOSTILE not in bench[-2]
