"""The gallery's tab in a real Chromium."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from errors import UnknownPicture
from gallery.gallery import Gallery
from tests.pictures import SECOND, saved
from tests.serving import Served, served, two_models
from tests.test_browser import HOSTILE, PATIENCE, browser, context, opened, status  # noqa: F401 - fixtures
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser
MANY = 130  # pictures: three fetches


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    gallery = Gallery(folder / "kept")
    for number in range(MANY):
        prompt = HOSTILE if number == MANY - 3 else f"picture {number}"
        saved(gallery, prompt, at=number * SECOND, sampler="DDIM" if number == 5 else "Euler")
    gallery.close()
    with served(two_models(folder, checkpoints["sd"], gallery={"folder": "kept"})) as there:
        yield there


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Page:  # noqa: F811
    one = context.new_page()
    opened(one, server)
    one.get_by_role("tab", name="Gallery").click()
    expect(one.locator("#album_grid .tile").first).to_be_visible()
    return one


def first(page: Page) -> str:
    return str(page.locator("#album_grid .tile").first.get_attribute("data-id"))


def test_all_pictures_come_while_one_scrolls_and_no_sooner(page: Page) -> None:
    tiles = page.locator("#album_grid .tile")
    expect(page.locator("#album_grid .count")).to_have_text(f"{MANY} pictures")
    assert tiles.count() < MANY
    while tiles.count() < MANY:
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(50)
    labels = [tile.get_attribute("aria-label") for tile in page.locator("#album_grid [data-act=open]").all()]
    assert len(set(labels)) == MANY
    assert labels[:3] == [f"picture {MANY - 1}", f"picture {MANY - 2}", HOSTILE]
    assert page.evaluate("window.struck") is None


def test_search_and_filters(page: Page) -> None:
    words = page.locator("#album_words textarea")
    words.press_sequentially("picture 77")
    expect(page.locator("#album_grid .count")).to_have_text("1 picture")
    words.press("Control+a")
    words.press("Backspace")
    expect(page.locator("#album_grid .count")).to_have_text(f"{MANY} pictures")
    page.locator("#album_sampler input").click()
    page.get_by_role("option", name="DDIM").click()
    expect(page.locator("#album_grid .tile")).to_have_count(1)
    page.locator("#album_starred input").check()
    expect(page.locator("#album_grid")).to_contain_text("No picture is like that")


def test_a_star_is_kept_and_a_deleted_picture_comes_back(page: Page, server: Served) -> None:
    assert server.keeper
    id = first(page)
    tile = page.locator(f"#album_grid .tile[data-id='{id}']")
    tile.hover()
    tile.locator(".star").click()
    page.locator("#album_starred input").check()
    expect(page.locator("#album_grid .tile")).to_have_count(1)
    page.locator("#album_starred input").uncheck()
    expect(page.locator("#album_grid .count")).to_have_text(f"{MANY} pictures")
    tile.locator("[data-act=open]").click()
    page.locator("#viewer [data-act=delete]").click()
    expect(page.locator("#album_notice")).to_contain_text("1 picture deleted.")
    expect(tile).to_be_hidden()
    with pytest.raises(UnknownPicture):
        server.keeper.gallery.find(id)
    page.locator("#album_notice [data-act=undo]").click()
    expect(tile).to_be_visible()
    assert server.keeper.gallery.find(id).starred


def test_several_are_downloaded_as_one_file(page: Page, server: Served) -> None:
    for number in (0, 1):
        page.locator("#album_grid .pick input").nth(number).check()
    with page.expect_download() as download:
        page.locator("#album_grid .zip").click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert len(archive.namelist()) == 2
        assert archive.read(archive.namelist()[0]) == server.keeper.gallery.content(first(page))  # type: ignore[union-attr]


def test_what_is_developed_is_kept_and_its_settings_used_again(page: Page) -> None:
    page.get_by_role("tab", name="Develop").click()
    page.locator("#prompt textarea").fill("a new one")
    page.locator("#steps input[type=number]").fill("7")
    page.locator("#steps input[type=number]").blur()
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    page.locator("#prompt textarea").fill("something else")
    page.get_by_role("tab", name="Gallery").click()
    newest = page.get_by_role("button", name="a new one")
    newest.click()
    expect(page.locator("#viewer .said")).to_have_text("a new one")
    page.locator("#viewer [data-act=use]").click()
    expect(page.locator("#prompt textarea")).to_have_value("a new one")
    expect(page.locator("#steps input[type=number]")).to_have_value("7")
    expect(page.locator("#seed input")).not_to_have_value("-1")
    expect(page.locator("#viewer .viewer")).to_be_hidden()


def test_the_settings_of_a_model_that_is_not_here_are_named(page: Page) -> None:
    page.locator("#album_grid [data-act=open]").nth(1).click()
    expect(page.locator("#viewer .viewer")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#viewer .said")).to_have_text(re.compile("picture|<img"))
    page.locator("#viewer [data-act=use]").click()
    expect(status(page)).to_have_text("Settings taken over, but not all")
    expect(page.locator("#status .figures")).to_contain_text("Model is 'mini-sd', which is not on offer")


def test_pictures_are_served_by_id_alone(server: Served) -> None:
    assert server.keeper
    for path in ("picture/../gallery.sqlite", "picture/%2e%2e%2fgallery.sqlite.png", f"picture/{'0' * 32}.png", "zip"):
        answer = httpx.get(f"{server.url}/gallery/{path}", timeout=PATIENCE)
        assert answer.status_code == 404 or path == "zip"
    with pytest.raises(UnknownPicture):
        server.keeper.gallery.find("0" * 32)


def test_in_public_everyone_sees_their_own(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    path = two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept", "private": True})
    with served(path) as there:
        assert httpx.get(f"{there.url}/gallery/page", timeout=PATIENCE).status_code == 403
        one, other = browser.new_context(locale="en-US").new_page(), browser.new_context(locale="en-US").new_page()
        for page in (one, other):
            page.set_default_timeout(PATIENCE)
            opened(page, there)
        one.locator("#prompt textarea").fill("mine")
        one.locator("#develop").click()
        expect(status(one)).to_have_text("Done")
        for page, seen in ((one, "1 picture"), (other, "No picture yet")):
            page.get_by_role("tab", name="Gallery").click()
            expect(page.locator("#album_grid")).to_contain_text(seen)
            page.context.close()
