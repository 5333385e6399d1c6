"""The page in a real Chromium, with a real server and tiny models."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests import chromium
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 90_000  # milliseconds, on a machine that does something else besides
PHONE = {"width": 390, "height": 844}
HOSTILE = '<img src=x onerror="window.struck = true"> **bold**'
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.found()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no Chromium, and CI=true asks for one. `python -m tests.chromium` fetches it.")
        pytest.skip("NO CHROMIUM: the page is not tested. `python -m tests.chromium` fetches one.")
    with sync_playwright() as playwright:
        there = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield there
        there.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    one.set_default_timeout(PATIENCE)
    yield one
    one.close()


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Iterator[Page]:
    """A page that has loaded. Whatever it asks of another host, or throws, fails the test."""
    one, faults = context.new_page(), list[str]()
    one.on("request", lambda request: faults.append(request.url) if foreign(request.url, server.url) else None)
    one.on("pageerror", lambda error: faults.append(str(error)))
    opened(one, server)
    yield one
    for job in server.engine.jobs():
        job.cancel()
    assert faults == []


def foreign(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:", "about:"))


def opened(page: Page, server: Served) -> None:
    page.goto(server.url)
    expect(page.locator("#prompt textarea")).to_be_visible()
    expect(page.locator("#masthead .device")).to_contain_text("CPU")  # so the page has been greeted


def status(page: Page) -> Locator:
    return page.locator("#status [role=status]")


def ask(page: Page, **numbers: int) -> None:
    for name, number in numbers.items():
        field = page.locator(f"#{name} input[type=number]")
        field.fill(str(number))
        field.blur()


def begun(page: Page, prompt: str) -> None:
    """A run that is under way, and long enough to be interrupted."""
    page.locator("#prompt textarea").fill(prompt)
    ask(page, **LONG)
    page.locator("#develop").click()
    expect(page.locator("#stage #picture")).to_have_attribute("src", re.compile("^data:image/jpeg"))


def test_a_prompt_becomes_a_picture(page: Page) -> None:
    page.locator("#prompt textarea").fill("a lighthouse")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    picture = page.locator("#stage #picture")
    expect(picture).to_have_attribute("alt", "Picture developed from: a lighthouse")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    expect(page.locator("#result dl")).to_contain_text("Peak memory")
    expect(page.locator("#history button")).to_have_count(1)


def test_previews_change_and_the_picture_does_not_move(page: Page) -> None:
    begun(page, "slow")
    picture = page.locator("#stage #picture")
    box, sources = picture.bounding_box(), set[str]()
    while len(sources) < 3:
        sources.add(picture.get_attribute("src") or "")
        assert picture.bounding_box() == box
        page.wait_for_timeout(50)
    expect(page.locator("#status .figures")).to_contain_text(re.compile(rf"step \d+ of {LONG['steps']}.*a step.*left"))
    expect(page.locator("#strip .live img").nth(1)).to_be_attached()  # the film strip is exposed as it goes


def test_the_picture_element_stays_the_same_while_previews_arrive(page: Page) -> None:
    begun(page, "slow")
    same = "([first, now]) => first === now"
    first = page.locator("#stage #picture").element_handle()
    source = first.get_attribute("src")
    page.wait_for_function("([image, old]) => image.src !== old", arg=[first, source])
    assert page.evaluate(same, [first, page.locator("#stage #picture").element_handle()])


def test_stop_stops_and_the_next_run_works(page: Page, server: Served) -> None:
    begun(page, "never finished")
    page.locator("#stop").click()
    expect(status(page)).to_have_text("Stopped")
    assert server.engine.jobs() == ()
    ask(page, steps=2, width=64, height=64)
    expect(page.locator("#stop")).to_be_disabled()
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")


@pytest.mark.parametrize("between", [0, 150])  # milliseconds that the button is held down
def test_a_double_click_starts_one_run(page: Page, server: Served, between: int) -> None:
    page.locator("#prompt textarea").fill("once")
    ask(page, **LONG)
    page.locator("#develop").dblclick(delay=between)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stage #picture")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(page.locator("#develop")).to_be_disabled()
    page.wait_for_timeout(1000)  # for what might still be on its way
    assert len(server.engine.jobs()) == 1


def test_a_switch_of_the_model_applies_its_limits(page: Page) -> None:
    ask(page, steps=5)
    page.locator("#model label", has_text="Tiny plain").click()
    expect(page.locator("#guidance_scale")).to_have_count(0)  # it takes none
    expect(page.locator("#width input")).to_have_value("96")
    expect(page.locator("#negative_prompt textarea")).to_have_value("blurry")
    expect(page.locator("#steps input[type=number]")).to_have_value("5")  # set by the user, and allowed
    expect(page.locator("#steps input[type=number]")).to_have_attribute("max", "8")
    page.locator("#size input").click()
    page.get_by_role("option", name="64 × 128").click()
    expect(page.locator("#height input")).to_have_value("128")
    page.locator("#prompt textarea").fill("a boat")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    page.locator("#model label", has_text="Tiny tiny").click()
    expect(page.locator("#guidance_scale input[type=number]")).to_have_value("7.5")


def test_words_that_the_model_does_not_know_are_told(page: Page) -> None:
    page.locator("#model label", has_text="Tiny plain").click()
    expect(page.locator("#guidance_scale")).to_have_count(0)
    page.locator("#prompt textarea").fill("a zebra")
    page.locator("#develop").click()
    expect(page.locator("#result .notes")).to_contain_text("Words that this model does not know, and ignored: zebra.")


def test_a_folded_recipe_still_counts(page: Page) -> None:
    page.locator("#guidance_scale input[type=number]").fill("3")
    page.locator("#guidance_scale input[type=number]").blur()
    page.locator("#recipe > button").click()
    page.locator("#prompt textarea").fill("folded")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    page.locator("#recipe > button").click()
    page.get_by_role("button", name="Use recipe").click()
    expect(page.locator("#seed input")).not_to_have_value("-1")
    expect(page.locator("#guidance_scale input[type=number]")).to_have_value("3")


def test_a_size_can_be_chosen_or_typed(page: Page) -> None:
    page.locator("#size input").click()
    page.get_by_role("option", name="128 × 64").click()
    expect(page.locator("#width input")).to_have_value("128")
    page.locator("#height input").fill("72")
    expect(page.locator("#size input")).to_have_value("")  # none of the presets
    page.locator("#height input").fill("64")
    expect(page.locator("#size input")).to_have_value("128 × 64")


def test_a_refresh_in_mid_run_attaches_again(page: Page, server: Served) -> None:
    begun(page, "still there")
    (job,) = server.engine.jobs()
    opened(page, server)
    expect(page.locator("#stage #picture")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(page.locator("#prompt textarea")).to_have_value("still there")
    expect(status(page)).to_have_text("Developing")
    assert [running.id for running in server.engine.jobs()] == [job.id]
    page.locator("#stop").click()
    expect(status(page)).to_have_text("Stopped")


def test_a_second_tab_watches_the_same_run(page: Page, context: BrowserContext, server: Served) -> None:
    begun(page, "watched twice")
    other = context.new_page()
    opened(other, server)
    expect(other.locator("#stage #picture")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    other.locator("#stop").click()
    for tab in (page, other):
        expect(status(tab)).to_have_text("Stopped")


def test_a_refresh_after_a_run_shows_it_again(page: Page, server: Served) -> None:
    page.locator("#prompt textarea").fill("kept")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    opened(page, server)
    expect(page.locator("#stage #picture")).to_have_attribute("alt", "Picture developed from: kept")
    expect(page.locator("#history button")).to_have_count(1)


def test_another_visitor_sees_nothing_of_it(page: Page, browser: Browser, server: Served) -> None:
    begun(page, "private")
    stranger = browser.new_context().new_page()
    opened(stranger, server)
    expect(stranger.locator("#stage")).to_contain_text("Nothing developed yet")
    stranger.context.close()


def test_an_example_is_one_click(page: Page) -> None:
    examples = page.locator("#examples button")
    expect(examples).to_have_count(5)
    text = examples.nth(1).inner_text()
    examples.nth(1).click()
    expect(page.locator("#prompt textarea")).to_have_value(text)


def test_the_strip_scrubs_by_keyboard_and_mouse_and_is_saved(page: Page) -> None:
    page.locator("#prompt textarea").fill("steps")
    ask(page, steps=6)
    page.locator("#develop").click()
    scrub, picture = page.locator("#strip .scrub"), page.locator("#stage #picture")
    expect(scrub).to_have_attribute("max", "6")
    final = picture.get_attribute("src")
    scrub.focus()
    page.keyboard.press("ArrowLeft")
    expect(picture).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(scrub).to_have_attribute("aria-valuetext", "5 / 6")
    page.keyboard.press("ArrowRight")
    expect(picture).to_have_attribute("src", str(final))
    box = scrub.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    expect(scrub).to_have_attribute("aria-valuetext", "1 / 6")
    page.mouse.move(5, 5)
    expect(picture).to_have_attribute("src", str(final))
    for kind, magic in (("WebP", b"RIFF"), ("GIF", b"GIF8")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {kind}").click()
        assert Path(download.value.path()).read_bytes().startswith(magic)


def test_the_png_is_byte_for_byte_what_was_made(page: Page, server: Served) -> None:
    page.locator("#prompt textarea").fill("to keep")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    job = str(page.locator("#history button").first.get_attribute("data-job"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PNG").click()
    (made,) = server.engine.job(job).pictures()
    assert download.value.suggested_filename == f"darkroom-{made.seed}.png"
    assert Path(download.value.path()).read_bytes() == made.png


def test_several_pictures_fill_a_contact_sheet_and_each_can_be_enlarged(page: Page) -> None:
    page.locator("#prompt textarea").fill("three")
    page.locator("#count input[type=number]").fill("3")
    page.locator("#count input[type=number]").blur()
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    cells = page.locator("#stage .sheet button")
    expect(cells).to_have_count(3)
    cells.nth(1).click()
    expect(page.locator("#stage #picture")).to_be_visible()
    expect(page.locator("#history .current")).to_have_count(1)
    page.get_by_role("button", name="Contact sheet").click()
    expect(cells).to_have_count(3)


def test_a_seed_and_a_recipe_are_used_again(page: Page) -> None:
    page.locator("#prompt textarea").fill("again")
    ask(page, steps=3)
    page.locator("#develop").click()
    seed = page.locator("#result .seed b")
    expect(page.get_by_role("button", name="Use again")).to_be_visible()
    page.get_by_role("button", name="Use again").click()
    expect(page.locator("#seed input")).to_have_value(seed.inner_text())
    page.locator("#prompt textarea").fill("something else")
    ask(page, steps=7)
    page.get_by_role("button", name="Use recipe").click()
    expect(page.locator("#prompt textarea")).to_have_value("again")
    expect(page.locator("#steps input[type=number]")).to_have_value("3")


def test_the_history_brings_a_picture_back(page: Page) -> None:
    for prompt in ("first", "second"):
        page.locator("#prompt textarea").fill(prompt)
        page.locator("#develop").click()
        expect(page.locator("#stage #picture")).to_have_attribute("alt", f"Picture developed from: {prompt}")
    page.locator("#history button").nth(1).click()
    expect(page.locator("#stage #picture")).to_have_attribute("alt", "Picture developed from: first")


def test_everything_works_with_the_keyboard_alone(page: Page) -> None:
    expect(page.locator("#prompt textarea")).to_be_focused()
    page.keyboard.type("typed")
    page.keyboard.press("Control+Enter")
    expect(status(page)).to_have_text("Done")
    page.locator("#model input[value=tiny]").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#model input[value=plain]")).to_be_checked()
    expect(page.locator("#guidance_scale")).to_have_count(0)
    reached = set[str]()
    page.locator("#masthead .theme").focus()
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]:not([id^=html]):not([id^=range])')?.id"))
    wanted = {"strip", "result", "history", "prompt", "develop", "examples", "model", "size", "width", "steps", "seed"}
    assert wanted <= reached


def test_every_control_has_a_name(page: Page) -> None:
    page.locator("#prompt textarea").fill("named")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    page.locator("#advanced > button").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, a[href], img')]
          .filter((element) => element.checkVisibility() && !element.closest('[aria-hidden=true]'))
          .filter((element) => !(element.labels?.length || element.getAttribute('aria-label') || element.title
            || element.innerText?.trim() || element.hasAttribute('alt')))
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    expect(page.get_by_role("radiogroup").or_(page.get_by_role("group", name="Model"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_phone_shows_the_picture_first_and_never_scrolls_sideways(
    browser: Browser, server: Served, scheme: str
) -> None:
    page = browser.new_context(viewport=PHONE, color_scheme=scheme, locale="en-US").new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    page.locator("#prompt textarea").fill("a very long prompt " * 20 + "x" * 300)
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tops = [
        box["y"] for part in ("stage", "ask", "after", "choices") if (box := page.locator(f"#{part}").bounding_box())
    ]
    assert tops == sorted(tops)
    page.context.close()


@pytest.mark.parametrize(("scheme", "room"), [("dark", "rgb(13, 11, 10)"), ("light", "rgb(244, 239, 230)")])
def test_light_and_dark_follow_the_system_and_the_switch_which_is_kept(
    browser: Browser, server: Served, scheme: str, room: str
) -> None:
    page = browser.new_context(color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    opened(page, server)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == room
    page.locator("#masthead .theme").click()
    other = page.evaluate(background)
    assert other != room
    opened(page, server)
    assert page.evaluate(background) == other
    page.context.close()


def test_the_page_speaks_german(browser: Browser, server: Served) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    page.set_default_timeout(PATIENCE)
    opened(page, server)
    expect(page.locator("#develop")).to_have_text("Entwickeln")
    expect(page.locator("#stage")).to_contain_text("Noch nichts entwickelt")
    page.locator("#prompt textarea").fill("ein Boot")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Fertig")
    expect(page.locator("#result")).to_contain_text("Entrauschen")
    page.context.close()


def test_html_and_markdown_in_a_prompt_appear_literally(page: Page) -> None:
    page.locator("#prompt textarea").fill(HOSTILE)
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    expect(page.locator("#stage #picture")).to_have_attribute("alt", f"Picture developed from: {HOSTILE}")
    expect(page.locator("#history button")).to_have_attribute("title", HOSTILE)
    page.reload()
    expect(page.locator("#history button")).to_have_attribute("title", HOSTILE)
    assert page.evaluate("window.struck") is None


def test_a_refusal_is_a_toast_that_shows_html_literally(page: Page) -> None:
    page.locator("#prompt textarea").fill("a boat")
    page.locator("#advanced > button").click()
    page.locator("#width input").fill("65")
    page.locator("#develop").click()
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text("Width is 65. tiny needs a multiple of 8; try 64.")
    expect(page.locator("#develop")).to_be_enabled()


def test_a_long_prompt_and_an_empty_one(page: Page) -> None:
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")  # a model may be asked for whatever comes to its mind
    page.locator("#prompt textarea").fill("x" * 4001)
    page.locator("#develop").click()
    expect(page.get_by_test_id("toast-body").first).to_contain_text("At most 4000 are accepted")
