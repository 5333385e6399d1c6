"""The report of a comparison, opened from the disk in a real Chromium that has no network."""

import base64
import json
import random
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comparison.export.report import plot
from comparison.export.report.page import html
from comparison.export.texts import TEXTS
from comparison.plots import VOTES, Plot, Point, plots
from comparison.quality import CLIP, JUDGE
from comparison.ranking import Rating
from comparison.record import RunRecord, State, Verdict
from errors import UnknownPicture
from generation import mark
from tests.made_runs import HOSTILE, Made
from tests.test_browser import PATIENCE, PHONE, browser  # noqa: F401 - a fixture

EXPORT = Path(__file__).parents[1] / "comparison" / "export"
RATINGS = (Rating("big", 1050.0, 950.0, 1150.0, 3, 1, 1), Rating("small", 950.0, 850.0, 1050.0, 1, 1, 3))
RECIPE = '{"prompts": ["größer"]}'.encode()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    one = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    one.set_default_timeout(PATIENCE)
    yield one
    one.close()


def opened(context: BrowserContext, folder: Path, made: Made, record: RunRecord | None = None, **more: Any) -> Page:
    """The report in a page that fails the test when anything is asked for, refused or thrown."""
    path = folder / "report.html"
    path.write_text(html(record or made.record, made.read, **more), encoding="utf-8")
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_load_state()
    assert troubles == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    return page


@pytest.mark.browser
def test_all_pictures_are_seen_without_script_or_network(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = opened(context, tmp_path, Made("a lighthouse", "a fox", frames=3), ratings=RATINGS, recipe=RECIPE)
    assert page.locator(".film img").count() == 4
    expect(page.get_by_alt_text("Small: a fox · seed 7")).to_be_visible()
    expect(page.get_by_role("cell", name="1.6× faster")).to_be_visible()
    expect(page.get_by_role("img", name="Time against quality: judge's score")).to_be_visible()
    expect(page.get_by_role("img", name="Time against quality: Elo by blind votes")).to_be_visible()
    expect(page.locator("#pair")).to_be_hidden()
    page.get_by_text("a fox · seed 7").click()
    assert page.locator(".strips[open] img:visible").count() == 6
    page.get_by_text("Everything that was measured").click()
    expect(page.get_by_role("cell", name="NVIDIA H200, float16").first).to_be_visible()
    context.close()


@pytest.mark.browser
def test_any_two_pictures_are_laid_over_each_other(context: BrowserContext, tmp_path: Path) -> None:
    page = opened(context, tmp_path, Made("a lighthouse", "a fox"))
    expect(page.locator("#left_name")).to_have_text("Big")
    expect(page.locator("#right_name")).to_have_text("Small")
    page.get_by_label("Right", exact=True).select_option("3")
    shown = page.locator(".film figure[data-cell='3'] img").get_attribute("src")
    assert page.locator("#under").get_attribute("src") == shown
    assert page.locator("#over").get_attribute("src") != shown
    divide = page.get_by_label("How much of the left picture is seen")
    divide.focus()
    page.keyboard.press("Home")
    over = "getComputedStyle(document.getElementById('over')).clipPath"
    assert "100%" in page.evaluate(over)
    page.keyboard.press("End")
    assert "100%" not in page.evaluate(over)
    before = page.locator("#under").bounding_box()
    page.get_by_label("Zoom").select_option("4")
    after, above = page.locator("#under").bounding_box(), page.locator("#over").bounding_box()
    assert before
    assert after == above
    assert after
    assert after["width"] == pytest.approx(4 * before["width"], rel=0.02)


@pytest.mark.browser
def test_a_picture_that_is_pressed_is_looked_at_beside_its_row(context: BrowserContext, tmp_path: Path) -> None:
    page = opened(context, tmp_path, Made("a lighthouse", "a fox"))
    page.get_by_role("button", name="Look closely: Big: a fox · seed 7").press("Enter")
    expect(page.get_by_label("Right", exact=True)).to_have_value("1")
    expect(page.get_by_label("Left", exact=True)).to_have_value("3")
    expect(page.locator("#stage")).to_be_focused()


@pytest.mark.browser
def test_the_strips_of_a_row_run_on_one_slider(context: BrowserContext, tmp_path: Path) -> None:
    page = opened(context, tmp_path, Made("a lighthouse", frames=5))
    strips = page.locator(".strips")
    assert strips.locator("img:visible").count() == 2
    said = strips.locator("figcaption span")
    expect(said).to_have_text(["step 20 of 20"] * 2)
    strips.get_by_role("slider").press("Home")
    expect(said).to_have_text(["step 1 of 20"] * 2)
    strips.get_by_role("slider").press("ArrowRight")
    expect(said).to_have_text(["step 2 of 20"] * 2)
    assert strips.locator("img:visible").count() == 2


@pytest.mark.browser
def test_recipe_and_figures_are_saved_from_the_file_itself(context: BrowserContext, tmp_path: Path) -> None:
    page = opened(context, tmp_path, Made("größer"), recipe=RECIPE, ratings=RATINGS)
    saved = {}
    for link in page.locator("a[download]").all():
        with page.expect_download() as download:
            link.click()
        saved[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    assert saved["recipe.json"] == RECIPE
    assert json.loads(saved["data.json"])["ratings"][0]["elo"] == 1050.0
    assert saved["table.csv"].decode().startswith("\ufeffcell,row,model")
    assert "größer" in saved["table.csv"].decode()


@pytest.mark.browser
def test_hostile_words_are_only_words(context: BrowserContext, tmp_path: Path) -> None:
    made = Made(HOSTILE, f"{HOSTILE}2", frames=2, negative_prompt=HOSTILE, seeds=(1, 2))
    record = made.failed(0, HOSTILE)
    cells = (*record.cells[:1], record.cells[1].model_copy(update={"notes": (HOSTILE,)}), *record.cells[2:])
    record = record.model_copy(
        update={
            "titles": {"big": HOSTILE, "small": HOSTILE.upper()},
            "made_with": {"machine": HOSTILE, "torch": HOSTILE},
            "cells": tuple(one.model_copy(update={"quality": {HOSTILE: 0.5}}) for one in cells),
        }
    )
    page = opened(context, tmp_path, made, record, ratings=RATINGS)
    assert page.evaluate("window.struck") is None
    assert page.locator("img[onerror]").count() == 0
    assert page.locator("script").count() == 1
    expect(page.locator(".lack p").first).to_have_text(HOSTILE)
    expect(page.locator(".prompt").first).to_have_text(HOSTILE)
    expect(page.locator("header")).to_contain_text(HOSTILE)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_a_phone_and_follows_light_and_dark(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
    scheme: Any,
) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    made = Made("word" * 300, "a lighthouse " * 40, frames=2, models=("one", "two", "three"))
    page = opened(context, tmp_path, made, ratings=[Rating("one", 1000.0, 900.0, 1100.0, 1, 0, 0)])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    room = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert room == {"dark": "rgb(13, 11, 10)", "light": "rgb(244, 239, 230)"}[scheme]
    page.emulate_media(media="print")
    expect(page.locator("#pair")).to_be_hidden()
    expect(page.locator(".film img").first).to_be_visible()
    context.close()


def test_style_and_script_are_allowed_by_their_hashes_alone() -> None:
    written = html(Made().record, Made().read)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', written)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r'\sstyle="|\son\w+="', written)
    assert written.index("Content-Security-Policy") < written.index("<style")


def test_it_tells_nobody_whose_the_run_is_or_where() -> None:
    record = Made().record.model_copy(update={"owner": "feedbeeffeedbeef"})
    written = html(record, Made().read)
    assert record.owner not in written
    assert record.id not in written


@pytest.mark.parametrize("state", list(State))
def test_a_picture_that_is_not_there_says_why(state: State) -> None:
    made = Made()

    def gone(name: str) -> bytes:
        raise UnknownPicture("gone")

    written = html(made.changed(1, state=state, picture=None, error="no memory"), gone)
    assert TEXTS["en"]["gone"] in written
    if state is not State.DONE:
        assert f"<strong>{TEXTS['en'][state.value]}</strong><p>no memory</p>" in written


def test_a_run_without_a_single_picture_has_a_report() -> None:
    made = Made(models=("big",))
    written = html(made.failed(0, "no memory"), made.read, language="de")
    assert "Gescheitert" in written
    assert "<svg" not in written


def test_a_large_picture_stands_there_as_webp_and_stays_marked() -> None:
    made = Made(models=("big",), side=512)
    noise = Image.frombytes("RGB", (512, 512), random.Random(1).randbytes(512 * 512 * 3))
    buffer = BytesIO()
    noise.save(buffer, "PNG")
    made.files["0000.png"] = buffer.getvalue()
    found = re.search(r"data:image/webp;base64,([^\"]+)", html(made.record, made.read))
    assert found
    with Image.open(BytesIO(base64.b64decode(found[1]))) as image:
        assert image.size == (512, 512)
        assert mark.SOURCE.encode() in image.info["xmp"]


def test_the_others_are_told_beside_the_baseline_that_was_chosen() -> None:
    written = html(Made().record, Made().read, baseline="small")
    assert "1.6× slower" in written
    assert "faster" not in written


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict(same="bytes", width=32, height=32, full=True), "byte-identical"),
        (Verdict(same="pixels", width=32, height=32, full=True), "same pixels"),
        (
            Verdict(same="nothing", mean=0.25, psnr=41.37, width=16, height=16, full=False),
            "Differs by 0.25 of 255 levels, PSNR 41.4 dB, seen at 16×16",
        ),
        (Verdict(same="nothing", mean=0.0, psnr=None, width=16, height=16, full=True), "Differs, but not visibly"),
    ],
)
def test_a_replay_tells_what_came_out_the_same(verdict: Verdict, said: str) -> None:
    assert said in html(Made().changed(0, verdict=verdict), Made().read)


def test_the_words_are_in_the_language_that_was_asked_for() -> None:
    written = html(Made("ein Fuchs").record, Made("ein Fuchs").read, language="de", ratings=RATINGS)
    assert '<html lang="de">' in written
    assert "1,6× schneller" in written
    assert "Alles, was gemessen wurde" in written


def test_both_languages_have_all_texts_and_none_that_nothing_says() -> None:
    assert set(TEXTS["en"]) == set(TEXTS["de"])
    for key in TEXTS["en"]:
        holes = [sorted(re.findall(r"\{\w+\}", texts[key])) for texts in TEXTS.values()]
        assert holes[0] == holes[1], key
    code = "".join(path.read_text(encoding="utf-8") for path in EXPORT.rglob("*.py") if path.name != "texts.py")
    said = {key for key in TEXTS["en"] if re.search(f"""["']{key}["']""", code)}
    built = ("own_", "same_", "score_", "column_", "axis_", "seconds_", "amount_", *(state.value for state in State))
    assert [key for key in TEXTS["en"] if key not in said and not key.startswith(built)] == []


@pytest.mark.parametrize(("low", "high"), [(0, 1.37), (0.61, 0.98), (870, 1310), (0, 0.004), (0.5, 0.5), (-0.2, 0.31)])
def test_axes_have_few_round_ticks_around_all_values(low: float, high: float) -> None:
    found = plot.ticks(low, high)
    assert found[0] <= low + 1e-9
    assert found[-1] >= high - 1e-9
    assert 2 <= len(found) <= 8
    assert all(len(f"{value:g}") <= 6 for value in found)


def test_an_interval_ends_where_its_score_does() -> None:
    points = tuple(Point(name, name, at, at, at, 0.9, -0.4, 2.2, 2) for name, at in (("a", 1.0), ("b", 2.0)))
    drawn = plot.drawn([Plot(JUDGE, points, ("a",), True)], TEXTS["en"])
    ends = [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)V", drawn.split('class="marks"')[1])]
    assert ends == [plot.HEIGHT - plot.BOTTOM] * 2
    assert re.findall(r">(-[\d.]+|2[.]\d)</text>", drawn) == []


@pytest.mark.parametrize(("value", "score"), [(JUDGE, 0.0), (JUDGE, 1.0), (CLIP, 0.31), (VOTES, 1000.0)])
def test_a_score_that_all_have_leaves_the_ticks_apart(value: str, score: float) -> None:
    points = tuple(Point(name, name, 1.0, 1.0, 1.0, score, score, score, 1) for name in "ab")
    drawn = plot.drawn([Plot(value, points, ("a",), True)], TEXTS["en"])
    heights = re.findall(r"M64 ([\d.]+)H", drawn)
    assert len(set(heights)) == len(heights) >= 2


def test_names_in_a_plot_stand_apart() -> None:
    made = Made(models=tuple(f"model {number}" for number in range(8)))
    drawn = re.search(r"<svg.*</svg>", plot.drawn(plots(made.record), TEXTS["en"]))
    assert drawn
    root = ElementTree.fromstring(drawn[0])
    spots = {(text.get("x"), text.get("y")) for text in root.findall("./g[@class='names']/text")}
    assert len(spots) == 8
