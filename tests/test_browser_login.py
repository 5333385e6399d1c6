"""Logging in by the page, in a real Chromium: by keyboard, on a phone, in the dark and in the light."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from access.accounts import password_hash
from access.listing import put
from tests.serving import Served, served, two_models
from tests.test_browser import PATIENCE, browser  # noqa: F401 - a fixture
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser
SECRET = "love and lace"
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("login")
    put(folder / "users.txt", "ada", password_hash(SECRET))
    with served(two_models(folder, checkpoints["sd"], access={"users": "users.txt"})) as there:
        yield there


def visitor(browser: Browser, size: ViewportSize, scheme: Literal["dark", "light"], locale: str = "en-US") -> Page:  # noqa: F811
    page = browser.new_context(viewport=size, color_scheme=scheme, locale=locale).new_page()
    page.set_default_timeout(PATIENCE)
    return page


def test_whoever_logs_in_by_keyboard_comes_where_they_wanted_to_and_out_again(browser: Browser, server: Served) -> None:  # noqa: F811
    page, faults = visitor(browser, DESKTOP, "dark"), list[str]()
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{server.url}/?model=tiny")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name and the password don't fit.")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#prompt textarea")).to_be_visible()
    assert page.url == f"{server.url}/?model=tiny"
    expect(page.locator("#masthead .who")).to_contain_text("ada")
    assert [fault for fault in faults if "401" not in fault] == []  # leaving the page breaks off what it listens to
    page.get_by_role("link", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_fits_and_is_set_as_darkroom_is(
    browser: Browser,  # noqa: F811
    server: Served,
    size: ViewportSize,
    scheme: Literal["dark", "light"],
) -> None:
    page = visitor(browser, size, scheme, "de-DE")
    page.goto(server.url)
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('15px \"IBM Plex Sans\"'))")
    room = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert room == {"dark": "rgb(13, 11, 10)", "light": "rgb(244, 239, 230)"}[scheme]
    page.context.close()
