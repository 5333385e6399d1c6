"""`python -m tests.screenshot`: pictures of the page and of a comparison for the README, on our own deployment."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from comparison.export import sheet
from comparison.plan import Plan
from comparison.run import UNFINISHED
from tests import chromium
from tests.serving import Served, served

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
DESKTOP: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
VIEWS: tuple[tuple[str, ViewportSize, Literal["dark", "light"]], ...] = (
    ("page", DESKTOP, "dark"),
    ("page-light", DESKTOP, "light"),
    ("phone-dark", PHONE, "dark"),
    ("phone-light", PHONE, "light"),
)
PROMPTS = (
    "a green ring to the left of a purple diamond on a gray background",
    "a large pink heart on a yellow background",
    "a small orange star on a black background",
    "a red circle above a blue square on a white background",
)
PATIENCE = 300_000  # milliseconds


def main() -> int:
    """Develop each prompt with a fixed seed, then take the picture."""
    browser = chromium.found()
    if browser is None:
        print("There is no Chromium. `python -m tests.chromium` fetches it.", file=sys.stderr)
        return 1
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as app.py has it
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with (
        TemporaryDirectory() as outputs,  # nobody's own gallery
        served(ROOT / "config.yaml", Path(outputs)) as server,
        sync_playwright() as playwright,
    ):
        chrome = playwright.chromium.launch(executable_path=browser, args=("--no-sandbox",))
        compared(server, FOLDER / "sheet.png")
        for name, viewport, scheme in VIEWS:
            page = chrome.new_page(viewport=viewport, color_scheme=scheme, locale="en-US")
            page.goto(server.url)
            taken(page, FOLDER / f"{name}.png")
            table(page, FOLDER / f"{name.replace('page', 'compare').replace('phone', 'compare-phone')}.png")
        chrome.close()
    return 0


def taken(page: Page, path: Path) -> None:
    """The picture of a page on which every prompt was developed."""
    for count, prompt in enumerate(PROMPTS, start=1):
        page.locator("#prompt textarea").fill(prompt)
        page.locator("#seed input").fill("7")
        page.locator("#develop").click()
        expect(page.locator("#history button")).to_have_count(count)
    expect(page.locator("#status [role=status]")).to_have_text("Done")
    shot(page, path)


def table(page: Page, path: Path) -> None:
    """The picture of the comparison that was made."""
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare_earlier [data-act=open]").first.click()
    expect(page.locator("#compare_status [role=status]")).to_have_text("Done")
    shot(page, path, "#compare_status" if page.viewport_size == PHONE else "body")


def shot(page: Page, path: Path, top: str = "body") -> None:
    """What is to be seen from the element `top` on."""
    page.mouse.move(0, 0)
    page.locator(top).evaluate("(element) => element.scrollIntoView()")
    page.wait_for_timeout(1000)  # for what fades in
    page.screenshot(path=path)
    print(path)


def compared(server: Served, path: Path) -> None:
    """The contact sheet of all models that ship with the clone."""
    assert server.runs
    runs, models = server.runs, tuple(name for name, spec in server.engine.models.items() if spec.local)
    id = runs.start(Plan(prompts=PROMPTS[:3], models=models, seeds=(7,)))
    seen = 0
    while any(cell.state in UNFINISHED for cell in runs.record(id).cells):
        seen = runs.changed(id, seen, 1.0)
    path.write_bytes(sheet.png(runs.record(id), lambda name: runs.file(id, name)))
    print(path)


if __name__ == "__main__":
    sys.exit(main())
