"""The tab that reads pictures in a real Chromium."""

import base64
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import picture_files as files
from tests.serving import Served, served, two_models
from tests.test_browser import HOSTILE, PATIENCE, PHONE, browser, context, opened, status  # noqa: F401 - fixtures
from tests.tiny import Checkpoints

pytestmark = pytest.mark.browser
RECIPE = f"""{HOSTILE} <lora:pixel:0.8>
Negative prompt: blurry
Steps: 7, Sampler: Euler a, CFG scale: 4.5, Seed: 77, Size: 128x64, Model: dreamshaper_8, Hires upscale: 2, \
Version: v1.10.1"""
# What a file manager does: the file is let go above an element of the page.
DROP = """([where, encoded, name]) => {
  const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const told = {dataTransfer: data, bubbles: true, cancelable: true};
  for (const kind of ['dragover', 'drop']) document.querySelector(where).dispatchEvent(new DragEvent(kind, told));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture
def page(context: BrowserContext, server: Served) -> Iterator[Page]:  # noqa: F811
    one, faults = context.new_page(), list[str]()
    one.on("pageerror", lambda error: faults.append(str(error)))
    opened(one, server)
    yield one
    assert faults == []
    assert one.evaluate("window.struck") is None


def dropped(page: Page, where: str, content: bytes, name: str = "a.png") -> None:
    page.evaluate(DROP, [where, base64.b64encode(content).decode(), name])


def chosen(page: Page, content: bytes, kind: str = "image/png") -> None:
    page.get_by_role("tab", name="Read a picture").click()
    page.locator("#reading_zone input").set_input_files({"name": "a", "mimeType": kind, "buffer": content})


def test_a_picture_is_read_used_and_developed(page: Page) -> None:
    chosen(page, files.encoded("JPEG", files.user_comment(RECIPE), side=96), "image/jpeg")
    told = page.locator("#reading_told")
    expect(told.get_by_role("status")).to_have_text("Made with AUTOMATIC1111")
    expect(told.locator(".said")).to_have_text(f"{HOSTILE} <lora:pixel:0.8>")
    assert told.locator("figure img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 96
    lacking = told.locator(".lacking")
    for named in ("Model is 'dreamshaper_8', which is not on offer", "LoRA pixel:0.8", "Hires upscale 2"):
        expect(lacking).to_contain_text(named)
    told.get_by_role("button", name="Use these settings").click()
    expect(page.locator("#prompt textarea")).to_have_value(f"{HOSTILE} <lora:pixel:0.8>")
    for name, value in (("steps", "7"), ("guidance_scale", "4.5"), ("seed", "77"), ("width", "128"), ("height", "64")):
        expect(page.locator(f"#{name} input[type=number]")).to_have_value(value)
    expect(status(page)).to_have_text("Settings taken over, but not all")
    expect(page.locator("#status .figures")).to_contain_text("LoRA pixel:0.8")
    page.locator("#develop").click()
    expect(status(page)).to_have_text("Done")
    expect(page.locator("#result")).to_contain_text("77")


def test_the_chosen_model_stays_where_the_pictures_is_not_here(page: Page) -> None:
    page.locator("#model label", has_text="Tiny plain").click()
    expect(page.locator("#guidance_scale")).to_be_hidden()
    dropped(page, "#ask", files.png({"parameters": RECIPE}))
    expect(page.locator("#prompt textarea")).to_have_value(f"{HOSTILE} <lora:pixel:0.8>")
    expect(page.locator("#model input:checked")).to_have_value("plain")
    expect(page.locator("#status .figures")).to_contain_text("Guidance scale is 4.5, but plain takes none")


def test_a_picture_dropped_on_the_prompt_that_tells_nothing_is_shown(page: Page) -> None:
    dropped(page, "#ask", files.png(side=32))
    expect(page.locator("#reading_told").get_by_role("status")).to_have_text("This file does not say how it was made")
    expect(page.locator("#reading_told figure img")).to_be_visible()


def test_pictures_may_follow_each_other_and_what_is_none_is_refused(page: Page) -> None:
    page.get_by_role("tab", name="Read a picture").click()
    told = page.locator("#reading_told")
    dropped(page, "#reading_zone .intake", files.png({"prompt": json.dumps(files.COMFYUI)}))
    expect(told.get_by_role("status")).to_have_text("Made with ComfyUI")
    dropped(page, "#reading_zone .intake", b"GIF89a", "a.png")
    expect(told.get_by_role("alert")).to_have_text("The file is a GIF. PNG, JPEG and WebP are read.")
    dropped(page, "#reading_zone .intake", files.png({"invokeai_metadata": json.dumps(files.INVOKEAI)}))
    expect(told.get_by_role("status")).to_have_text("Made with InvokeAI")


def test_text_is_copied(context: BrowserContext, page: Page) -> None:  # noqa: F811
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    chosen(page, files.png({"parameters": RECIPE}))
    page.get_by_role("button", name="Copy text").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == RECIPE


def test_on_a_phone_nothing_is_wider_than_it(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    chosen(page, files.png({"parameters": RECIPE + ", " + "x" * 300 + ": " + "y" * 300}))
    expect(page.locator("#reading_told .said")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
