"""The gallery where something is wrong, and where others come: what the page shows, and whom it lets in."""

import errno
import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from access.accounts import password_hash
from access.listing import put
from gallery.gallery import Gallery
from gallery.search import Search
from tests.pictures import prompts, saved
from tests.serving import Served, served, two_models
from tests.test_browser import PATIENCE, browser, opened, status  # noqa: F401 - fixtures
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser
FORGE = """id => {
  const tile = document.querySelector('#album_grid .tile [data-act]');
  Object.assign(tile.dataset, { act: 'delete', ids: id });
  tile.click();
}"""


def visitor(browser: Browser, server: Served) -> Page:  # noqa: F811
    page = browser.new_context(locale="en-US").new_page()
    page.set_default_timeout(PATIENCE)
    opened(page, server)
    return page


def developed(page: Page, prompt: str, told: str = "Done") -> None:
    page.get_by_role("tab", name="Develop").click()
    page.locator("#prompt textarea").fill(prompt)
    page.locator("#develop").click()
    expect(status(page)).to_have_text(told)


def test_a_gallery_that_is_gone_is_told_and_comes_back_by_itself(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"})) as server:
        assert server.keeper
        page = visitor(browser, server)
        developed(page, "before")
        (tmp_path / "kept").rename(tmp_path / "elsewhere")
        developed(page, "meanwhile", "Done, but not saved in the gallery")
        expect(page.locator("#stage #picture")).to_have_attribute("alt", "Picture developed from: meanwhile")
        expect(page.locator("#status .figures")).to_contain_text("it is not there")
        page.get_by_role("tab", name="Gallery").click()
        expect(page.locator("#album_notice [role=alert]")).to_contain_text("it is not there")
        (tmp_path / "elsewhere").rename(tmp_path / "kept")
        expect(page.locator("#album_grid .count")).to_have_text("2 pictures")
        expect(page.locator("#album_notice [role=alert]")).to_have_count(0)
        assert prompts(server.keeper.gallery) == ["meanwhile", "before"]
        page.context.close()


@pytest.mark.parametrize(("number", "why"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "may not be written")])
def test_a_disk_that_takes_nothing_is_told_and_nothing_is_lost(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    why: str,
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with served(two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"})) as server:
        page = visitor(browser, server)
        developed(page, "before")
        with monkeypatch.context() as patched:
            patched.setattr("gallery.folder.os.fsync", refuse)
            developed(page, "meanwhile", "Done, but not saved in the gallery")
            expect(page.locator("#status .figures")).to_contain_text(why)
            page.get_by_role("tab", name="Gallery").click()
            expect(page.locator("#album_grid .count")).to_have_text("1 picture")
            expect(page.locator("#album_notice [role=alert]")).to_contain_text(why)
            expect(page.locator("#album_notice [role=alert]")).to_contain_text("Not saved so far: 1.")
        expect(page.locator("#album_grid .count")).to_have_text("2 pictures")
        expect(page.locator("#album_notice [role=alert]")).to_have_count(0)
        page.context.close()


def test_a_file_that_is_gone_or_broken_is_told_where_it_is_opened(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    gallery = Gallery(tmp_path / "kept")
    gone, broken = (gallery.find(saved(gallery, prompt)).name for prompt in ("gone", "broken"))
    saved(gallery, "whole")
    gallery.folder.picture(broken).write_bytes(b"no picture")
    gallery.close()
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"})) as server:
        page = visitor(browser, server)
        page.get_by_role("tab", name="Gallery").click()
        expect(page.locator(f"#album_grid [data-id='{broken.id}'].lost")).to_be_visible()
        gallery.folder.picture(gone).unlink()
        page.get_by_role("button", name="gone").click()
        expect(page.locator("#album_done")).to_contain_text("The file of this picture is gone from the disk.")
        expect(page.locator(f"#album_grid .tile[data-id='{gone.id}']")).to_be_hidden()
        page.get_by_role("button", name="broken").click()
        expect(page.locator("#album_done")).to_contain_text("cannot be used: It is not a PNG.")
        page.get_by_role("button", name="whole").click()
        expect(page.locator("#viewer .said")).to_have_text("whole")
        page.context.close()


def test_in_public_everyone_sees_their_own(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    path = two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept", "private": True})
    with served(path) as server:
        assert server.keeper
        one, other, third = (visitor(browser, server) for _ in range(3))
        developed(one, "mine")
        developed(other, "theirs")
        for page, seen in ((one, ["mine"]), (other, ["theirs"]), (third, [])):
            page.get_by_role("tab", name="Gallery").click()
            expect(page.locator("#album_grid [data-asked]")).to_be_visible()
            found = page.locator("#album_grid [data-act=open]")
            assert [tile.get_attribute("aria-label") for tile in found.all()] == seen
        one.locator("#album_grid .pick input").check()
        (theirs,) = (entry for entry in server.keeper.gallery.page(Search(), None, 9) if entry.prompt == "theirs")
        one.evaluate(FORGE, theirs.name.id)
        expect(one.locator("#album_done")).to_contain_text("0 pictures deleted.")
        assert server.keeper.gallery.find(theirs.name.id)
        for page in (one, other, third):
            page.context.close()


def test_without_a_login_no_picture_is_served(tmp_path: Path, checkpoints: Checkpoints) -> None:
    gallery = Gallery(tmp_path / "kept")
    id = saved(gallery)
    gallery.close()
    put(tmp_path / "users.txt", "me", password_hash("a secret"))
    path = two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"}, access={"users": "users.txt"})
    asked = (f"picture/{id}.png", f"picture/{id}.jpg", f"thumbnail/{id}.webp", f"recipe/{id}.json", "page", "ids")
    with served(path) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert {client.get(f"/gallery/{one}").status_code for one in asked} == {401}
        assert client.post("/gallery/zip", data={"ids": id}).status_code == 401
        assert client.post("/login", data={"username": "me", "password": "a secret"}).status_code == 200
        assert {client.get(f"/gallery/{one}").status_code for one in asked} == {200}
        assert client.post("/gallery/zip", data={"ids": id}).content.startswith(b"PK")
        assert client.post("/gallery/zip", data={"ids": "x"}).status_code == 400
        tag = client.get(f"/gallery/{asked[0]}").headers["ETag"]
        assert client.get(f"/gallery/{asked[0]}", headers={"If-None-Match": tag}).status_code == 304
