"""The tab where models are compared, in a real Chromium."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from comparison.plan import Plan
from comparison.record import RunRecord, State
from tests.deployments import OURS, written
from tests.serving import LONG, Served, served, two_models
from tests.test_browser import HOSTILE, PATIENCE, browser, context, foreign, opened  # noqa: F401 - fixtures
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser
PROMPTS = ("a red circle on a white background", "a small orange star on a black background", HOSTILE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """Of `tiny`, and `plain` that takes no guidance and at most 8 steps."""
    folder = tmp_path_factory.mktemp("deployment")
    with served(two_models(folder, checkpoints["sd"], comparison={"folder": "compared"})) as there:
        yield there


@pytest.fixture
def minis(tmp_path: Path) -> Iterator[Served]:
    """Of all models that ship with Darkroom, each at two steps."""
    ours = yaml.safe_load(OURS.read_text(encoding="utf-8"))["models"]
    ship = [model | {"repo": str(OURS.parent / model["repo"])} for model in ours if not model["download_bytes"]]
    for model in ship:
        model["steps"]["default"] = 2
        model["latent_space"]["colours"] = str(OURS.parent / model["latent_space"]["colours"])
        for elsewhere in model.get("components", {}).values():
            elsewhere["repo"] = str(OURS.parent / elsewhere["repo"])
    with served(written(tmp_path, *ship, comparison={"folder": "compared"})) as there:
        yield there


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Iterator[Page]:  # noqa: F811
    one, faults = context.new_page(), list[str]()
    one.on("request", lambda request: faults.append(request.url) if foreign(request.url, server.url) else None)
    one.on("pageerror", lambda error: faults.append(str(error)))
    comparing(one, server)
    yield one
    assert server.runs
    for run in server.runs.listed():
        server.runs.stop(run.id)
    assert faults == []


def comparing(page: Page, server: Served) -> None:
    opened(page, server)
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare_prompts textarea")).to_be_visible()


def start(page: Page, *prompts: str, seeds: str = "7") -> None:
    page.locator("#compare_prompts textarea").fill("\n".join(prompts))
    field(page, "seeds").fill(seeds)
    expect(page.locator("#compare_start")).to_be_enabled()
    page.locator("#compare_start").click()


def start_long(page: Page, *prompts: str) -> None:
    """Cells that nobody waits for; `plain` refuses so many steps."""
    page.locator("#compare_axes > button").click()
    for name in ("steps", "width", "height"):
        field(page, name).fill(str(LONG[name]))
    start(page, *prompts)
    expect(frame(page)).to_have_attribute("src", re.compile("^data:image/jpeg"))


def field(page: Page, name: str) -> Locator:
    return page.locator(f"#compare_{name} :is(textarea, input)")


def frame(page: Page) -> Locator:
    return page.locator("#compare_grid [data-state=running] .frame")


def cells(page: Page, state: str) -> Locator:
    return page.locator(f"#compare_grid [data-state={state}]")


def over(page: Page, phase: str = "Done") -> None:
    expect(page.locator("#compare_status [role=status]")).to_have_text(phase)


def newest(server: Served) -> RunRecord:
    assert server.runs
    return server.runs.listed()[0]


def voted(page: Page, key: str) -> None:
    ballot = page.locator("#vote .ballot")
    before = ballot.get_attribute("data-opened") or ""
    page.keyboard.press(key)
    expect(ballot).not_to_have_attribute("data-opened", before)


def test_all_models_that_ship_are_compared_voted_on_exported_and_replayed_to_the_byte(
    context: BrowserContext,  # noqa: F811
    minis: Served,
    tmp_path: Path,
) -> None:
    assert minis.runs
    page, models = context.new_page(), len(minis.engine.models)
    comparing(page, minis)
    page.locator("#compare_prompts textarea").fill("\n".join(PROMPTS))
    expect(page.locator("#compare_forecast")).to_contain_text(f"{3 * models} pictures")
    expect(page.locator("#compare_forecast")).to_contain_text(f"{models} models to load")
    start(page, *PROMPTS)
    over(page)
    expect(cells(page, "done")).to_have_count(3 * models)
    for photo in page.locator("#compare_grid .photo img").all():
        photo.scroll_into_view_if_needed()
        assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    expect(page.locator("#compare_grid .head").nth(1)).to_contain_text(re.compile("faster|slower|as fast"))
    assert page.evaluate("window.struck") is None
    first = newest(minis)
    vote_twice(page, minis, first)
    export(page, tmp_path)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "table.csv").read_text("utf-8-sig").splitlines()) == 3 * models + 1
    assert len(json.loads((tmp_path / "data.json").read_text("utf-8"))["cells"]) == 3 * models
    page.locator("#compare_recipe input").set_input_files(tmp_path / "recipe.json")
    expect(page.locator("#compare_grid .verdict", has_text="byte-identical")).to_have_count(3 * models)
    over(page)
    again = newest(minis)
    assert again.id != first.id
    assert [cell.picture and cell.picture.sha256 for cell in again.cells] == [
        cell.picture and cell.picture.sha256 for cell in first.cells
    ]


def vote_twice(page: Page, minis: Served, run: RunRecord) -> None:
    """By keys, without any name on the page; then the ranking."""
    assert minis.runs
    page.get_by_role("button", name="Blind vote").click()
    expect(page.locator("#vote .side img")).to_have_count(2)
    shown = page.locator("#vote").inner_html().lower()
    assert [name for name, title in run.titles.items() if name in shown or title.lower() in shown] == []
    voted(page, "ArrowLeft")
    voted(page, "ArrowDown")
    assert [vote.outcome.value for vote in minis.runs.votes.listed(run=run.id)] == ["left", "tie"]
    page.get_by_role("button", name="Ranking").click()
    expect(page.locator("#vote tbody tr")).to_have_count(len(run.titles))
    expect(page.locator("#vote .chosen li")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#vote .ballot")).to_be_hidden()


def export(page: Page, folder: Path) -> None:
    """Every file that the menu offers, by the end of its name."""
    for link in page.locator("#compare_bar .export a").all():
        page.locator("#compare_bar details").evaluate("menu => { menu.open = true; }")
        with page.expect_download() as download:
            link.click()
        download.value.save_as(folder / download.value.suggested_filename.split("-", 3)[-1])


def test_what_a_model_cannot_do_is_told_in_its_cell_and_the_rest_goes_on(page: Page) -> None:
    page.locator("#compare_axes > button").click()
    field(page, "guidance_scales").fill("2")
    page.locator("#compare_prompts textarea").fill("a cat")
    expect(page.locator("#compare_forecast .refused")).to_contain_text("plain takes none")
    start(page, "a cat")
    over(page)
    expect(cells(page, "done")).to_have_count(1)
    expect(cells(page, "failed")).to_contain_text("plain takes none")


def test_one_cell_one_model_and_all_are_stopped_and_resumed(page: Page, server: Served) -> None:
    start_long(page, "one", "two", "three")
    expect(cells(page, "failed")).to_have_count(3)  # of the other model
    cells(page, "running").get_by_role("button", name="Stop").click()
    expect(cells(page, "stopped")).to_have_count(1)
    expect(page.locator("#compare_grid .cell[data-cell='1']")).to_have_attribute("data-state", "running")
    page.get_by_role("button", name="Stop all of Tiny tiny").click()
    expect(cells(page, "stopped")).to_have_count(3)
    over(page, "Stopped")
    page.get_by_role("button", name="Resume").click()
    expect(frame(page)).to_have_attribute("src", re.compile("^data:image/jpeg"))
    page.locator("#compare_stop").click()
    over(page, "Stopped")
    expect(page.locator("#compare_resume")).to_be_enabled()
    assert {cell.state for cell in newest(server).cells} <= {State.STOPPED, State.FAILED}


def test_a_reload_in_mid_run_finds_it_again(page: Page, server: Served) -> None:
    start_long(page, "a slow one")
    run = newest(server)
    comparing(page, server)
    expect(page.locator("#compare_grid .grid")).to_have_attribute("data-run", run.id)
    expect(frame(page)).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(page.locator("#compare_status .figures")).to_contain_text("0 of 2")
    page.locator("#compare_stop").click()
    over(page, "Stopped")


def test_two_pictures_are_looked_at_closely(page: Page, server: Served) -> None:
    start(page, "near", "far")
    over(page)
    photos = page.locator("#compare_grid [data-pick]")
    photos.nth(0).focus()
    page.keyboard.press("Enter")
    expect(photos.nth(0)).to_have_attribute("aria-pressed", "true")
    photos.nth(2).click()  # of the same model: their sizes are the same
    dialog = page.locator("#closeup .dialog")
    expect(dialog).to_be_visible()
    expect(page.locator("#closeup_slider img").first).to_be_visible()
    dialog.get_by_text("Side by side").click()
    panes = dialog.locator(".pane:not(.heat .pane) img")
    dialog.locator(".pane").first.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    moved = [pane.evaluate("image => getComputedStyle(image).transform") for pane in panes.all()]
    assert len(set(moved)) == 1
    assert moved[0].startswith("matrix(1.5")
    dialog.get_by_text("Difference", exact=True).click()
    heat = dialog.locator(".heat img")
    assert heat.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    expect(dialog.locator(".heat")).to_contain_text("PSNR")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.get_by_role("button", name="Step by step").first.click()
    slider = dialog.get_by_role("slider")
    slider.press("Home")
    stills = dialog.locator(".still img")
    assert all("-0001.jpg" in (still.get_attribute("src") or "") for still in stills.all())
    slider.press("End")
    assert all(re.search(r"/\d{4}\.png$", still.get_attribute("src") or "") for still in stills.all())
    page.keyboard.press("Escape")


def test_pictures_of_two_sizes_have_no_difference_and_say_so(page: Page) -> None:
    start(page, "large and small")
    over(page)
    for number in (0, 1):
        page.locator("#compare_grid [data-pick]").nth(number).click()
    page.locator("#closeup .dialog").get_by_text("Difference", exact=True).click()
    expect(page.locator("#closeup .heat .refused")).to_contain_text("64x64 and 96x96")
    page.keyboard.press("Escape")


def test_a_comparison_is_come_back_to_and_deleted(page: Page, server: Served) -> None:
    assert server.runs
    start(page, "to be kept")
    over(page)
    start(page, "to be deleted")
    expect(page.locator("#compare_grid .said")).to_have_text("to be deleted")
    over(page)
    run = newest(server)
    page.locator("#compare_earlier .open", has_text="to be kept").click()
    expect(page.locator("#compare_grid .grid")).not_to_have_attribute("data-run", run.id)
    item = page.locator("#compare_earlier li", has_text="to be deleted")
    item.locator("summary").click()
    item.get_by_role("button", name="Delete", exact=True).click()
    expect(item).to_have_count(0)
    assert run.id not in [other.id for other in server.runs.listed()]


def test_prompts_come_from_a_file(page: Page, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("one\n\ntwo\n", encoding="utf-8")
    page.locator("#compare_file input").set_input_files(tmp_path / "prompts.txt")
    expect(page.locator("#compare_prompts textarea")).to_have_value("one\n\ntwo")
    expect(page.locator("#compare_forecast")).to_contain_text("4 pictures")


def test_what_is_no_recipe_is_refused(page: Page, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"some": "thing"}', encoding="utf-8")
    page.locator("#compare_recipe input").set_input_files(tmp_path / "other.json")
    expect(page.get_by_test_id("toast-body")).to_contain_text("recipe")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(64_000_001)
    page.locator("#compare_recipe input").set_input_files(tmp_path / "huge.json")
    expect(page.locator("#compare_recipe .drop")).to_contain_text("64 MB")


def test_files_of_a_run_are_served_by_their_names_in_its_record_alone(server: Served) -> None:
    assert server.runs
    id = server.runs.start(Plan(prompts=("served",), models=("tiny",), seeds=(7,)))
    for path in (f"{id}/run.json", f"{id}/..%2f..%2fconfig.yaml", f"{'0' * 32}/0000.png", f"{id}/export/other.txt"):
        assert httpx.get(f"{server.url}/compare/{path}", timeout=PATIENCE).status_code == 404


def test_in_private_everyone_sees_their_own(
    tmp_path: Path,
    browser: Browser,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    kept = {"gallery": {"folder": "kept", "private": True}, "comparison": {"folder": "compared"}}
    with served(two_models(tmp_path, checkpoints["sd"], **kept)) as there:
        pages = [browser.new_context(locale="en-US").new_page() for _ in range(2)]
        for page in pages:
            page.set_default_timeout(PATIENCE)
            comparing(page, there)
        mine, others = pages
        start(mine, "mine")
        over(mine)
        others.reload()
        comparing(others, there)
        expect(mine.locator("#compare_earlier")).to_contain_text("mine")
        expect(others.locator("#compare_earlier")).not_to_contain_text("mine")
        for page in pages:
            page.context.close()


def test_a_picture_of_the_gallery_and_what_was_developed_are_compared(
    tmp_path: Path,
    context: BrowserContext,  # noqa: F811
    checkpoints: Checkpoints,
) -> None:
    kept = {"gallery": {"folder": "kept"}, "comparison": {"folder": "compared"}}
    with served(two_models(tmp_path, checkpoints["sd"], **kept)) as there:
        page = context.new_page()
        opened(page, there)
        page.locator("#prompt textarea").fill("from the bench")
        page.locator("#seed input").fill("11")
        page.locator("#develop").click()
        expect(page.locator("#status [role=status]")).to_have_text("Done")
        page.get_by_role("tab", name="Compare").click()
        expect(page.locator("#compare_prompts textarea")).to_have_value("from the bench")
        page.locator("#compare_prompts textarea").fill("something else")
        page.get_by_role("tab", name="Gallery").click()
        page.locator("#album_grid [data-act=open]").first.click()
        page.locator("#viewer [data-act=compare]").click()
        expect(page.locator("#compare_prompts textarea")).to_have_value("from the bench")
        expect(field(page, "seeds")).to_have_value("11")
        page.locator("#compare_start").click()
        over(page)
        expect(cells(page, "done")).to_have_count(2)


def test_programs_compare_by_one_call(server: Served) -> None:
    client = Client(server.url, verbose=False)
    try:
        told = client.predict(["a dog"], None, [3], api_name="/compare")
        assert [cell["state"] for cell in told["cells"]] == ["done", "done"]
        file = told["cells"][0]["picture"]["file"]
        assert httpx.get(f"{server.url}/compare/{told['id']}/{file}", timeout=PATIENCE).content.startswith(b"\x89PNG")
        with pytest.raises(AppError, match="There is no model 'nobody'"):
            client.predict(["a dog"], ["nobody"], api_name="/compare")
    finally:
        client.close()
