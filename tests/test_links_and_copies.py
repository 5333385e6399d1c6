"""Links that fill in the page, and what a picture's settings are copied as, run by the programs that they are for."""

import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import gradio as gr
import httpx
import pytest
from PIL import Image, ImageChops

import config
from generation import infotext
from generation.engine import Engine
from models.registry import registry
from tests.requested import requested
from tests.serving import Served, served, two_models
from tests.tiny import Checkpoints
from ui.controls import Bench
from ui.sharing import links, snippets, views
from ui.sharing.handlers import Sharing
from ui.texts import TEXTS

ROOT = Path(__file__).parents[1]
NASTY = """it's "so" $HOME `id` \\n \\ <b>&amp; 100% #1? ü 漢\nsecond line; rm -rf ${IFS} !! 'end"""
REQUEST = requested(prompt=NASTY, steps=2, guidance_scale=4.5, seed=11)
WORDS = TEXTS["en"]
MODELS = registry(config.load(ROOT / "config.yaml").models)
VISITOR: Any = SimpleNamespace(headers={})  # of whose request only the language is read


# Links


def test_a_link_says_all_of_a_request() -> None:
    url = links.link(REQUEST, "http://host/")
    assert url.isascii()
    assert links.said(url.partition("?")[2]) == (REQUEST.model_dump(), [])


def test_what_a_model_does_not_take_is_not_in_a_link() -> None:
    assert "guidance" not in links.link(REQUEST.model_copy(update={"guidance_scale": None}), "http://host/")


@pytest.mark.parametrize("search", [None, 7, {"prompt": "a"}, "", "?", "?__theme=dark&view=api&utm_source=x", "&&=&"])
def test_what_is_no_link_of_ours_says_nothing(search: Any) -> None:
    assert links.said(search) == ({}, [])


def test_a_link_that_is_too_long_is_refused() -> None:
    assert links.said("?prompt=" + "a" * 50_000) == ({}, ["The link has 50008 characters. At most 40000 are read."])


def test_a_setting_that_stands_twice_is_refused_and_the_rest_is_taken() -> None:
    said, refused = links.said("?seed=1&prompt=a&seed=2")
    assert (said, refused) == ({"prompt": "a"}, ["seed stands 2 times in the link. Say it once."])


class Page:
    """What the page's handler answers to a link: the controls, and what it gives notice of, which is a warning here."""

    def __init__(self) -> None:
        self.sharing = Sharing(Engine(MODELS, default_model="mini-sd"), keyed=False)
        self.notices: list[str] = []

    def opened(self, **said: Any) -> Bench:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            bench = self.sharing.open(f"?{urlencode(said)}", VISITOR)
        self.notices = [str(one.message) for one in told]
        return bench


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_link_fills_in_all_that_it_says_and_defaults_for_the_rest(page: Page) -> None:
    bench = page.opened(model="ssd-1b", prompt="a cat", steps=12, width=512, height=768, count=3)
    spec = MODELS["ssd-1b"]
    assert (bench.prompt, bench.model.value, bench.applied) == ("a cat", "ssd-1b", "ssd-1b")
    assert (bench.steps.value, bench.steps.maximum) == (12, spec.steps.high)
    assert (bench.width.value, bench.height.value, bench.count, bench.seed) == (512, 768, 3, -1)
    assert bench.guidance_scale.value == spec.guidance_scale.default  # type: ignore[union-attr]
    assert page.notices == []


@pytest.mark.parametrize("seed", [0, 7, -1])
def test_a_link_says_the_seed_or_that_it_is_random(page: Page, seed: int) -> None:
    assert page.opened(prompt="a", seed=seed).seed == seed


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"steps": "abc"}, "Steps is 'abc'. Give a whole number."),
        ({"steps": "12.5"}, "Steps is '12.5'. Give a whole number."),
        ({"steps": "100000"}, "Steps is 100000. Accepted are 1 to 100"),
        ({"guidance_scale": "nan"}, "Guidance scale is nan"),
        ({"seed": "99999999999999"}, "Seed is '99999999999999'"),
        ({"model": "<script>alert(1)</script>"}, "Model is '&lt;script&gt;alert(1)&lt;/script&gt;'"),
        ({"sampler": "<img src=x onerror=alert(1)>"}, "&lt;img src=x onerror=alert(1)&gt;"),
        ({"width": "65"}, "Width is 65. mini-sd needs a multiple of 32"),
        ({"count": "99"}, "Count is 99. Accepted are 1 to 8"),
        ({"negative_prompt": "a\x00b"}, "U+0000"),
    ],
)
def test_a_bad_value_is_refused_in_words_and_the_rest_is_taken(page: Page, said: Mapping[str, str], told: str) -> None:
    bench = page.opened(prompt="a red circle", **said)
    assert bench.prompt == "a red circle"
    (notice,) = page.notices
    assert told in notice
    assert "<script" not in notice
    assert "<img" not in notice


def test_a_link_that_says_nothing_leaves_the_page_as_it_is(page: Page) -> None:
    assert page.opened(__theme="dark") == Bench()
    assert page.notices == []


# Copies


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


def copied(name: str, address: str, keyed: bool = False) -> str:
    """What the page copies under that name where it is at `address`."""
    page = views.menu(REQUEST, infotext.write(REQUEST, MODELS["mini-sd"]), keyed, WORDS)
    found = re.search(rf'data-copy="{name}".*?<pre hidden>(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1].replace('<i class="address"></i>', address))


def run(*command: str, folder: Path) -> str:
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "NO_PROXY": "*"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def same(content: bytes, server: Served) -> bool:
    """Whether the picture is the one that the server makes of REQUEST, pixel by pixel."""
    made = server.engine.submit(REQUEST).result().pictures[0].png
    with Image.open(io.BytesIO(content)) as one, Image.open(io.BytesIO(made)) as other:
        return (
            one.size == other.size and ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None
        )


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_copied_curl_makes_the_same_picture(server: Served, tmp_path: Path) -> None:
    told = json.loads(run("bash", "-c", copied("as_curl", f"{server.url}/"), folder=tmp_path))
    (picture,) = told["data"]
    assert same(httpx.get(picture["url"]).content, server)


def test_the_copied_python_for_openai_makes_the_same_picture(server: Served, tmp_path: Path) -> None:
    run(sys.executable, "-c", copied("as_openai", f"{server.url}/"), folder=tmp_path)
    assert same((tmp_path / "darkroom-1.png").read_bytes(), server)


def test_the_copied_python_for_gradio_makes_the_same_picture(server: Served, tmp_path: Path) -> None:
    told = run(sys.executable, "-c", copied("as_gradio", f"{server.url}/"), folder=tmp_path)
    assert same(Path(told.strip().splitlines()[-1]).read_bytes(), server)


def test_the_copied_link_and_the_text_say_the_same_request() -> None:
    assert links.said(copied("as_link", "http://host/").partition("?")[2])[0] == REQUEST.model_dump()
    assert REQUEST.model_dump(exclude={"count", "model"}).items() <= infotext.read(copied("as_a1111", "")).items()


@pytest.mark.parametrize("name", ["as_curl", "as_openai", "as_gradio"])
def test_where_one_has_to_say_who_one_is_the_key_comes_from_the_environment(name: str) -> None:
    assert snippets.KEY in copied(name, "http://host/", keyed=True)
    assert snippets.KEY not in copied(name, "http://host/")


def test_a_prompt_cannot_pass_for_the_pages_address() -> None:
    prompt = 'see <i class="address"></i> or http://host/'
    page = views.menu(REQUEST.model_copy(update={"prompt": prompt}), prompt, False, WORDS)
    assert page.count('<i class="address"></i>') == 4  # the link, curl and both for Python


def test_the_settings_of_the_controls_can_be_copied_with_a_random_seed(page: Page) -> None:
    held: dict[str, Any] = {
        "prompt": "a",
        "negative_prompt": "",
        "model": "mini-sd",
        "steps": 5,
        "guidance_scale": 2,
        "width": 128,
    }
    held |= {"height": 128, "seed": -1, "sampler": "Euler", "count": 2}
    told = page.sharing.copies(**held, request=VISITOR)
    assert "seed=-1&amp;sampler=Euler&amp;count=2" in told
    with pytest.raises(gr.Error, match="Steps is 500"):
        page.sharing.copies(**held | {"steps": 500}, request=VISITOR)
