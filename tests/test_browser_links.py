"""Links and copies in a real Chromium: the page is filled in, and what lies on the clipboard is what is meant."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from generation import infotext
from generation.request import GenerationRequest
from tests.serving import Served, served, two_models
from tests.test_browser import HOSTILE, PATIENCE, PHONE, browser  # noqa: F401 - a fixture
from tests.tiny import Checkpoints
from ui.sharing import links, snippets

pytestmark = pytest.mark.browser

ASKED: dict[str, Any] = {
    "prompt": f"it's {HOSTILE}\nsecond line",
    "negative_prompt": "'fog' & \"rain\"",
    "model": "plain",
    "steps": 2,
    "width": 64,
    "height": 128,
    "seed": 5,
    "sampler": "Euler",
    "count": 1,
}
REQUEST = GenerationRequest(**ASKED, guidance_scale=None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811 - pytest's way to ask for a fixture
    one = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    one.grant_permissions(["clipboard-read", "clipboard-write"])
    one.set_default_timeout(PATIENCE)
    yield one
    one.close()


def opened(context: BrowserContext, server: Served, **said: Any) -> Page:
    """The page behind a link; what it throws is in its `faults`."""
    page = context.new_page()
    page.goto(f"{server.url}/?{urlencode(said)}")
    expect(page.locator("#prompt textarea")).to_have_value(said["prompt"])
    return page


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def developed(page: Page, count: int = 1) -> None:
    """Develop what the controls hold, the visit's picture number `count`."""
    page.locator("#develop").click()
    expect(page.locator("#history button")).to_have_count(count)
    expect(page.locator("#status [role=status]")).to_have_text("Done")


def test_a_link_fills_in_the_page_and_starts_nothing(context: BrowserContext, server: Served) -> None:
    page = opened(context, server, **ASKED, __theme="dark")
    expect(page.locator("#model input[value=plain]")).to_be_checked()
    expect(page.locator("#guidance_scale")).to_have_count(0)  # plain takes none: the controls follow the model
    expect(page.locator("#negative_prompt textarea")).to_have_value(ASKED["negative_prompt"])
    for name in ("width", "height", "seed"):
        expect(page.locator(f"#{name} input")).to_have_value(str(ASKED[name]))
    expect(page.locator("#steps input[type=number]")).to_have_value("2")
    expect(page.locator("#steps input[type=range]")).to_have_attribute("max", "8")
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    assert server.engine.jobs() == ()
    assert page.evaluate("window.struck") is None


def test_what_a_link_says_wrongly_is_told_and_the_rest_is_taken(context: BrowserContext, server: Served) -> None:
    page = opened(context, server, prompt="a cup", model=HOSTILE, steps="many", seed=9)
    notice = page.locator(".toast-body")
    expect(notice).to_contain_text("Not all of the link was taken")
    expect(notice).to_contain_text("Steps is 'many'. Give a whole number.")
    expect(notice).to_contain_text("<img src=x")
    expect(page.locator("#seed input")).to_have_value("9")
    expect(page.locator("#model input[value=tiny]")).to_be_checked()
    assert page.evaluate("window.struck") is None


def test_a_link_has_served_once_something_is_developed(context: BrowserContext, server: Served) -> None:
    page = opened(context, server, prompt="a cup", seed=3, __theme="light")
    developed(page)
    assert page.url == f"{server.url}/?__theme=light"
    page.locator("#prompt textarea").fill("something else")
    developed(page, 2)
    page.reload()
    expect(page.locator("#prompt textarea")).to_have_value("something else")


def test_a_finished_picture_is_copied_as_what_makes_it_again(context: BrowserContext, server: Served) -> None:
    page = opened(context, server, **ASKED)
    developed(page)
    summary = page.locator("#result details.copies summary")
    expect(page.get_by_role("button", name="curl")).to_have_count(0)
    summary.press("Enter")
    address, got = f"{server.url}/", dict[str, str]()
    for button in page.locator("#result [data-copy]").all():
        button.focus()
        button.press("Enter")
        expect(button).to_have_text("Copied")
        got[str(button.get_attribute("data-copy"))] = clipboard(page)
    file = page.request.get(str(page.locator("#result a[download]").evaluate("(link) => link.href"))).body()
    assert got["as_link"] == links.link(REQUEST, address)
    assert got["as_curl"] == snippets.curl(REQUEST, address, keyed=False)
    assert got["as_openai"] == snippets.openai(REQUEST, address, keyed=False)
    assert got["as_gradio"] == snippets.gradio(REQUEST, address, keyed=False)
    assert got["as_a1111"] == infotext.inside(file)
    assert infotext.read(got["as_a1111"])["prompt"] == ASKED["prompt"]
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.get_by_role("button", name="curl")).to_have_count(0)
    assert page.evaluate("window.struck") is None


def test_the_controls_are_copied_as_they_stand_on_a_phone_too(context: BrowserContext, server: Served) -> None:
    page = opened(context, server, **ASKED | {"seed": -1})
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator("#copy_settings button").click()
    page.locator("#copies [data-copy=as_link]").click()
    expect(page.locator("#copies [data-copy=as_link]")).to_have_text("Copied")
    assert clipboard(page) == links.link(REQUEST.model_copy(update={"seed": -1}), f"{server.url}/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#seed input").fill("8")
    expect(page.locator("#copies [data-copy]")).to_have_count(0)
    page.locator("#copy_settings button").click()
    page.locator("#copies [data-copy=as_link]").click()
    assert "seed=8" in clipboard(page)
