"""Visitors in browsers of their own, where others come: what each sees, and that none reaches another's by any id."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from access.accounts import password_hash
from access.listing import put
from tests.serving import Served, served, two_models
from tests.test_browser import PATIENCE, browser, opened, status  # noqa: F401 - fixtures
from tests.test_browser_compare import over, start
from tests.tiny import Checkpoints
from visitors.middleware import COOKIE

pytestmark = pytest.mark.browser
SECRET = "love and lace"
OWN = re.compile(r"/(gallery/(picture|thumbnail|recipe)|compare|gradio_api/file=)")


def public(folder: Path, checkpoints: Checkpoints, **more: Any) -> Path:
    kept: dict[str, Any] = {"gallery": {"folder": "kept"}, "comparison": {"folder": "compared"}}
    open_: dict[str, Any] = {"server": {"public": True}, "safety": {"policy": "off"}}
    return two_models(folder, checkpoints["sd"], **kept, **open_, **more)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(public(tmp_path_factory.mktemp("visitors"), checkpoints)) as there:
        yield there


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[tuple[BrowserContext, Page]]:  # noqa: F811
    context = browser.new_context(locale="en-US", **options)
    context.set_default_timeout(PATIENCE)
    yield context, context.new_page()
    context.close()


def developed(page: Page, prompt: str) -> None:
    page.locator("#prompt textarea").fill(prompt)
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    assert page.locator("#stage #picture").evaluate("image => image.decode().then(() => image.naturalWidth)") == 64


def seen(page: Page) -> list[str | None]:
    """The prompts of the pictures in the gallery."""
    page.get_by_role("tab", name="Gallery").click()
    expect(page.locator("#album_grid [data-asked]")).to_be_visible()
    return [tile.get_attribute("aria-label") for tile in page.locator("#album_grid [data-act=open]").all()]


def links(page: Page, selector: str, server: Served) -> list[str]:
    expect(page.locator(selector).first).to_be_attached()
    return [f"{server.url}/{link.get_attribute('href')}" for link in page.locator(selector).all()]


def test_two_visitors_in_two_browsers_do_not_reach_each_other(browser: Browser, server: Served) -> None:  # noqa: F811
    with visiting(browser) as (mine, page), visiting(browser) as (other, stranger):
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))
        opened(page, server)
        developed(page, "my lighthouse")
        with page.expect_download() as film:
            page.locator("#strip [data-format=webp]").click()
        assert seen(page) == ["my lighthouse"]
        page.locator("#album_grid [data-act=open]").click()
        asked += links(page, "#viewer .files a", server)
        page.locator("#viewer .close").click()
        page.get_by_role("tab", name="Compare").click()
        start(page, "my cat")
        over(page)
        asked += links(page, "#compare_bar a", server)
        ids = sorted({url for url in [*asked, film.value.url] if OWN.search(url)})
        for kind in ("picture/", "thumbnail/", "recipe/", "/export/", "/compare/", "file=", ".webp"):
            assert any(kind in url for url in ids), kind
        assert {mine.request.get(url).status for url in ids} == {200}

        opened(stranger, server)
        assert {url: other.request.get(url).status for url in ids} == dict.fromkeys(ids, 404)
        assert seen(stranger) == []
        stranger.get_by_role("tab", name="Compare").click()
        expect(stranger.locator("#compare_grid")).to_be_visible()
        assert "my cat" not in stranger.content()
        page.reload()
        expect(page.locator("#stage #picture")).to_have_attribute("alt", "Picture developed from: my lighthouse")
        assert seen(page) == ["my cat", "my cat", "my lighthouse"]


def test_whoever_copies_all_that_scripts_of_the_page_can_read_has_nothing(browser: Browser, server: Served) -> None:  # noqa: F811
    with visiting(browser) as (mine, page):
        opened(page, server)
        developed(page, "not to be had")
        assert COOKIE not in page.evaluate("document.cookie")
        kept = mine.storage_state()
        assert [cookie["httpOnly"] for cookie in kept["cookies"] if cookie["name"] == COOKIE] == [True]
        assert "darkroom-jobs" in str(kept["origins"])
    with visiting(browser, storage_state={"cookies": [], "origins": kept["origins"]}) as (_, page):
        opened(page, server)
        expect(page.locator("#stage")).to_contain_text("Nothing developed yet")
        assert seen(page) == []
        assert "not to be had" not in page.content()
    with visiting(browser, storage_state=kept) as (_, page):
        opened(page, server)
        expect(page.locator("#stage #picture")).to_have_attribute("alt", "Picture developed from: not to be had")


def test_a_browser_that_keeps_no_cookies_can_develop(browser: Browser, server: Served) -> None:  # noqa: F811
    with visiting(browser) as (context, page):
        opened(page, server)
        context.clear_cookies()
        developed(page, "a short visit")
        assert seen(page) == ["a short visit"]
        assert COOKIE not in str(context.cookies())
    with visiting(browser) as (_, page):
        opened(page, server)
        assert seen(page) == []


def test_pictures_follow_an_account_from_browser_to_browser(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    for name in ("ada", "bob"):
        put(tmp_path / "users.txt", name, password_hash(SECRET))
    with served(public(tmp_path, checkpoints, access={"users": "users.txt"})) as server:
        found = {}
        for place, name in (("desk", "ada"), ("phone", "ada"), ("elsewhere", "bob")):
            with visiting(browser) as (context, page):
                page.goto(server.url)
                page.get_by_label("Name").fill(name)
                page.get_by_label("Password").fill(SECRET)
                page.get_by_role("button", name="Log in").click()
                expect(page.locator("#masthead .device")).to_contain_text("CPU")
                if place == "desk":
                    developed(page, "by ada")
                    address = f"{server.url}/{page.locator('#stage #picture').get_attribute('src')}"
                found[place] = (seen(page), context.request.get(address).status)
        assert found == {"desk": (["by ada"], 200), "phone": (["by ada"], 200), "elsewhere": ([], 404)}
