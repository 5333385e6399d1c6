"""What a visitor sees of the safety policy, in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import checkers
from tests.deployments import entry, written
from tests.serving import Served, served
from tests.test_browser import PHONE, browser, context, opened, status  # noqa: F401 - fixtures
from tests.tiny import Checkpoints
from ui.texts import TEXTS

pytestmark = pytest.mark.browser
SAID, GESAGT = TEXTS["en"], TEXTS["de"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """Where others can come, and every picture of `tiny` is flagged."""
    folder = tmp_path_factory.mktemp("deployment")
    checker = checkers.built(folder / "flagging", checkers.ALL)
    models = (entry("tiny", checkpoints["sd"], max_pixels=256 * 256), entry("free", checkpoints["sd"], harmless=True))
    safety = {"checker": checker.model_dump(), "contact": "abuse@example.org"}
    with served(written(folder, *models, safety=safety, server={"public": True}), folder / "outputs") as there:
        assert there.engine.safeguard.policy == "block"
        yield there


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Page:  # noqa: F811
    one = context.new_page()
    opened(one, server)
    return one


def asked(page: Page, prompt: str) -> None:
    page.locator("#prompt textarea").fill(prompt)
    page.locator("#develop").click()


def test_a_withheld_picture_says_so_and_is_not_kept(page: Page) -> None:
    page.locator("#width input").fill("256")
    page.locator("#height input").fill("256")
    page.locator("#steps input[type=number]").fill("40")
    asked(page, "a lighthouse")
    expect(page.locator("#strip .hint")).to_have_text(SAID["strip_veiled"])
    expect(page.locator("#picture[data-final]")).to_have_attribute("alt", SAID["withheld_blocked"])
    expect(page.locator("#result .notes li")).to_have_text(SAID["withheld_blocked"])
    expect(page.locator("#result a[download]")).to_have_count(0)
    page.get_by_role("tab", name="Gallery").click()
    expect(page.locator("#album_grid .tile")).to_have_count(0)


def test_a_model_that_is_not_examined_goes_on(page: Page) -> None:
    page.locator("#model input[value=free]").check()
    asked(page, "a lighthouse")
    expect(status(page)).to_have_text("Done")
    expect(page.locator("#result a[download]")).to_be_visible()
    expect(page.locator("#result .notes")).to_have_count(0)


def test_a_refused_prompt_is_a_toast_without_the_prompt(page: Page) -> None:
    asked(page, "a n u d e  c h i l d")
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text("sexual content together with children")
    assert "c h i l d" not in toast.inner_text()


def test_the_foot_says_what_holds(page: Page) -> None:
    foot = page.get_by_role("contentinfo")
    for key in ("foot_made", "foot_use", "foot_examined", "foot_kept", "foot_log"):
        expect(foot).to_contain_text(SAID[key])
    expect(foot.get_by_role("link", name="abuse@example.org")).to_have_attribute("href", "mailto:abuse@example.org")


def test_on_a_phone_and_in_german_the_restrictions_stand_with_the_model(browser: Browser, server: Served) -> None:  # noqa: F811
    with browser.new_context(viewport=PHONE, locale="de-DE") as phone:  # type: ignore[arg-type]
        page = phone.new_page()
        opened(page, server)
        expect(page.get_by_role("contentinfo")).to_contain_text(GESAGT["foot_use"])
        more = page.locator("#model .card:has(:checked) .more")
        expect(more).to_be_visible()
        expect(more.get_by_role("link", name="CreativeML Open RAIL-M")).to_be_visible()
        expect(more).to_contain_text("Nutzungsbeschränkung: No unlawful, harmful, deceptive")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
