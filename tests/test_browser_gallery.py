"""The gallery's tab in a real Chromium."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

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
    names = labels(page)
    assert len(set(names)) == MANY
    assert names[:3] == [f"picture {MANY - 1}", f"picture {MANY - 2}", HOSTILE]
    assert page.evaluate("window.struck") is None


def labels(page: Page) -> list[str]:
    """Of the tiles that are there, in order."""
    found: list[str] = page.locator("#album_grid [data-act=open]").evaluate_all(
        "tiles => tiles.map((tile) => tile.getAttribute('aria-label'))"
    )
    return found


def test_tiles_far_away_are_let_go_and_come_back_as_they_were(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    page.evaluate("document.querySelector('#album_grid').style.width = '2400px'")  # tall rows: far is soon reached
    page.evaluate("document.querySelector('#album_grid').scrollIntoView()")
    blocks, first_names = page.locator("#album_grid .tiles"), labels(page)[:60]
    page.locator("#album_grid .pick input").first.check()
    page.locator("#album_grid .pick input").first.blur()  # what has the keyboard is kept
    height = blocks.first.bounding_box()
    for count in (2, 3, 3):
        page.evaluate("document.querySelector('#album_grid .tiles:last-of-type').scrollIntoView({block: 'end'})")
        expect(blocks).to_have_count(count)
    expect(blocks.first.locator(".tile")).to_have_count(0)
    assert labels(page)
    now = blocks.first.bounding_box()
    assert height
    assert now
    assert now["height"] == pytest.approx(height["height"], abs=1)
    page.evaluate("scrollTo(0, 0)")
    expect(blocks.first.locator(".tile")).to_have_count(60)
    assert labels(page)[:60] == first_names
    expect(page.locator("#album_grid .pick input").first).to_be_checked()


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


def test_pictures_are_found_by_seed_size_and_date(page: Page) -> None:
    count, nothing = page.locator("#album_grid .count"), page.locator("#album_grid .nothing")
    page.locator("#album_seed input, #album_seed textarea").fill("7")
    expect(count).to_have_text(f"{MANY} pictures")
    page.locator("#album_seed input, #album_seed textarea").fill("8")
    expect(nothing).to_be_visible()
    page.locator("#album_seed input, #album_seed textarea").fill("")
    page.locator("#album_size input").click()
    page.get_by_role("option", name="8 × 8").click()
    expect(count).to_have_text(f"{MANY} pictures")
    since, until = (page.locator(f"#album_{name} input.time") for name in ("since", "until"))
    since.fill("2026-01-02")
    since.press("Enter")
    expect(nothing).to_be_visible()
    since.fill("2026-01-01")
    since.press("Enter")
    until.fill("2026-01-01")
    until.press("Enter")
    expect(count).to_have_text(f"{MANY} pictures")


def test_tags_are_given_removed_and_filtered_by(page: Page, server: Served) -> None:
    assert server.keeper
    ids = page.locator("#album_grid .tile").evaluate_all("tiles => tiles.slice(0, 3).map((tile) => tile.dataset.id)")
    for number in (0, 1):
        page.locator("#album_grid .pick input").nth(number).check()
    page.locator("#album_grid .tagging input").fill(f"to print, {HOSTILE[:50]}")
    page.locator("#album_grid .tagging input").press("Enter")
    expect(page.locator("#album_done")).to_contain_text("2 pictures tagged: to print")
    assert [server.keeper.gallery.find(id).tags[-1:] for id in ids] == [("to print",), ("to print",), ()]
    page.locator("#album_tag input").click()
    page.get_by_role("option", name="to print").click()
    expect(page.locator("#album_grid .count")).to_have_text("2 pictures")
    page.locator("#album_grid [data-act=open]").first.click()
    page.get_by_role("button", name="Remove tag to print").click()
    expect(page.locator("#viewer .tags li")).to_have_count(1)
    page.keyboard.type("later")
    page.keyboard.press("Enter")
    expect(page.locator("#viewer .tags li")).to_have_text([re.compile("<img"), re.compile("later")])
    assert "later" in server.keeper.gallery.find(ids[0]).tags
    assert page.evaluate("window.struck") is None


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
    expect(page.locator("#album_done")).to_contain_text("1 picture deleted.")
    expect(tile).to_be_hidden()
    with pytest.raises(UnknownPicture):
        server.keeper.gallery.find(id)
    page.locator("#viewer [data-do=close]").click()
    page.locator("#album_done [data-act=undo]").click()
    expect(tile).to_be_visible()
    assert server.keeper.gallery.find(id).starred


def test_several_are_downloaded_as_one_file(page: Page, server: Served) -> None:
    for number in (0, 1):
        page.locator("#album_grid .pick input").nth(number).check()
    zipped = page.get_by_role("button", name="Download ZIP")
    with page.expect_download() as download:
        zipped.click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert len(archive.namelist()) == 2
        assert archive.read(archive.namelist()[0]) == server.keeper.gallery.content(first(page))  # type: ignore[union-attr]
    page.locator("#album_grid [name=format]").select_option("WebP")
    page.get_by_label("with recipes").check()
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("#album_grid .picked b")).to_have_text(f"{MANY} selected")
    with page.expect_download() as download:
        zipped.click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert archive.testzip() is None
        endings = [name.rpartition(".")[2] for name in archive.namelist()]
        assert endings == ["webp", "json"] * MANY
        assert json.loads(archive.read(archive.namelist()[1]))["settings"]["prompt"] == labels(page)[0]


def test_a_picture_is_downloaded_in_each_format(page: Page) -> None:
    page.locator("#album_grid [data-act=open]").first.click()
    for name, start in (("PNG", b"\x89PNG"), ("JPEG", b"\xff\xd8"), ("WebP", b"RIFF"), ("Recipe", b"{")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert Path(download.value.path()).read_bytes().startswith(start)
        assert download.value.suggested_filename.startswith("darkroom-7.")


def test_the_keyboard_is_enough(page: Page, server: Served) -> None:
    assert server.keeper
    tiles = page.locator("#album_grid .tile")
    ids = tiles.evaluate_all("tiles => tiles.slice(0, 9).map((tile) => tile.dataset.id)")
    tiles.first.locator("[data-act=open]").focus()
    for key, at in (("ArrowRight", 1), ("ArrowDown", 7), ("ArrowUp", 1), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        assert focused(page) == ids[at]
    page.keyboard.press("Enter")
    expect(page.locator("#viewer .viewer")).to_be_visible()
    expect(page.locator("#viewer [data-do=previous]")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#viewer [data-id='{ids[1]}']").first).to_be_attached()
    page.keyboard.press("Delete")
    expect(page.locator("#album_done")).to_contain_text("1 picture deleted.")
    expect(page.locator(f"#viewer .viewer[data-id='{ids[2]}']")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#viewer .viewer")).to_be_hidden()
    assert focused(page) == ids[2]
    page.keyboard.press("Delete")
    expect(tiles.locator(f"xpath=self::*[@data-id='{ids[2]}']")).to_be_hidden()
    assert focused(page) == ids[3]
    page.keyboard.press("Control+z")
    expect(tiles.locator(f"xpath=self::*[@data-id='{ids[2]}']")).to_be_visible()
    assert server.keeper.gallery.restore([ids[1]]) == [ids[1]]


def focused(page: Page) -> str | None:
    """The picture whose tile has the keyboard."""
    found: str | None = page.evaluate("document.activeElement.closest('.tile')?.dataset.id ?? null")
    return found


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


def test_a_variation_has_the_same_settings_and_another_seed(page: Page) -> None:
    page.get_by_role("tab", name="Develop").click()
    page.locator("#prompt textarea").fill("the first")
    page.locator("#steps input[type=number]").fill("6")
    page.locator("#seed input").fill("41")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    page.locator("#prompt textarea").fill("something else")
    page.get_by_role("tab", name="Gallery").click()
    page.get_by_role("button", name="the first").click()
    page.locator("#viewer [data-act=vary]").click()
    expect(page.locator("#prompt textarea")).to_have_value("the first")
    expect(page.locator("#steps input[type=number]")).to_have_value("6")
    expect(page.locator("#seed input")).to_have_value("-1")


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
