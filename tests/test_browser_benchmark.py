"""The tab where models are measured, in a real Chromium."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from measurement.record import Record
from tests.serving import Served, served, two_models
from tests.test_browser import PATIENCE, browser, context, opened  # noqa: F401 - fixtures
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    with served(two_models(folder, checkpoints["sd"], measurement={"folder": "kept"})) as there:
        yield there


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Page:  # noqa: F811
    one = context.new_page()
    one.set_default_timeout(PATIENCE)
    opened(one, server)
    one.get_by_role("tab", name="Benchmark").click()
    expect(one.locator("#benchmark_start")).to_be_visible()
    return one


def chosen(page: Page, *names: str) -> None:
    """Let just these models be chosen."""
    for box in page.locator("#benchmark_models input").all():
        box.set_checked(box.get_attribute("value") in names)


def typed(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#benchmark_{name} input, #benchmark_{name} textarea").fill(value)


def told(page: Page, text: str) -> None:
    expect(page.locator("#benchmark_status [role=status]")).to_have_text(text, timeout=PATIENCE)


def test_models_are_measured_shown_kept_and_handed_on(page: Page, server: Served) -> None:
    expect(page.locator("#benchmark_table .nothing")).to_be_visible()
    chosen(page, "tiny")
    typed(page, size="64x64", steps="2", rounds="2")
    page.locator("#benchmark_start").click()
    told(page, "Measured")
    table = page.locator("#benchmark_table table.figures")
    rows = table.locator("tbody th").all_inner_texts()
    assert "A picture" in rows
    assert "Pictures a minute, 4 at a time" in rows
    assert "Previews vae, beside none" in rows
    expect(table.locator("thead")).to_contain_text("64×64, 2 steps, float32")
    expect(page.locator("#benchmark_table .machine")).to_contain_text("torch")
    assert page.locator("#benchmark_table svg").count() == 2
    expect(page.locator("#benchmark_stop button, button#benchmark_stop")).to_be_disabled()
    assert server.runner is not None
    (record,) = server.runner.records()
    assert record.complete
    link = page.get_by_role("link", name="JSON").get_attribute("href")
    answer = httpx.get(f"{server.url}/{link}")
    assert Record.model_validate(json.loads(answer.text), strict=False).id == record.id
    assert "attachment" in answer.headers["content-disposition"]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "| a picture |" in page.evaluate("navigator.clipboard.readText()")


def test_a_second_run_stands_beside_the_first_and_either_can_be_looked_at(page: Page, server: Served) -> None:
    assert server.runner is not None
    chosen(page, "tiny")
    typed(page, size="64x64", steps="2", rounds="2")
    page.get_by_label("A first look").check()
    page.locator("#benchmark_start").click()
    told(page, "Measured")
    expect(page.get_by_text("Beside the benchmark before on this machine")).to_be_visible()
    earlier = page.locator("#benchmark_earlier .open")
    expect(earlier).to_have_count(len(server.runner.records()))
    earlier.last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#benchmark_table table.figures")).to_contain_text("4 at a time")


def test_it_is_watched_and_stopped_and_what_was_measured_stays(page: Page, server: Served) -> None:
    chosen(page, "tiny")
    typed(page, size="64x64", steps="900", rounds="2")
    page.locator("#benchmark_start").click()
    told(page, "Pictures, previews off")
    expect(page.locator("#benchmark_table table.figures")).to_contain_text("Cold load")
    expect(page.locator("#benchmark_status .figures")).to_contain_text("run 1 of 2")
    other = page.context.new_page()  # whoever comes sees it too
    opened(other, server)
    other.get_by_role("tab", name="Benchmark").click()
    expect(other.locator("#benchmark_table table.figures")).to_contain_text("Cold load")
    other.locator("#benchmark_stop").click()
    for one in (page, other):
        told(one, "Stopped; what was measured is kept")
    expect(page.locator("#benchmark_table .remarks")).to_contain_text("It was stopped")
    assert server.runner is not None
    assert not server.runner.records()[0].complete


def test_what_cannot_be_measured_is_refused_in_words(page: Page) -> None:
    for values, said in (
        ({"size": "64 by 64", "steps": "2"}, "Size is '64 by 64'. Give width x height"),
        ({"size": "64x65", "steps": "2"}, "Height is 65."),
        ({"size": "", "steps": "two"}, "Steps is 'two'. Give a whole number."),
        ({"size": "", "steps": "", "rounds": "1"}, "rounds: Input should be greater than or equal to 2."),
    ):
        chosen(page, "tiny")
        typed(page, **values)
        page.locator("#benchmark_start").click()
        expect(page.get_by_test_id("toast-body").filter(has_text=said)).to_be_visible()
    chosen(page)
    page.locator("#benchmark_start").click()
    expect(page.get_by_test_id("toast-body").filter(has_text="Choose a model to measure.")).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, server: Served) -> None:  # noqa: F811
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="de-DE")  # noqa: F811
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    opened(page, server)
    page.get_by_role("tab", name="Benchmark").click()
    expect(page.get_by_role("button", name="Messen")).to_be_visible()
    expect(page.locator("#benchmark_table table.figures")).to_contain_text("Kalt laden")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_where_others_come_there_is_no_benchmark(
    context: BrowserContext,  # noqa: F811
    tmp_path: Path,
    checkpoints: Checkpoints,
) -> None:
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"}, server={"public": True})) as there:
        page = context.new_page()
        opened(page, there)
        expect(page.get_by_role("tab", name="Gallery")).to_be_visible()
        expect(page.get_by_role("tab", name="Benchmark")).to_have_count(0)
        assert httpx.get(f"{there.url}/benchmark/{'0' * 16}.json").status_code == 404
