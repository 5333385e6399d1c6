"""The safety policy at every door: what is refused, what is withheld, and that nothing which is sent changes it."""

import base64
import json
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import numpy as np
import openai
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client
from PIL import Image
from pydantic import ValidationError

from api.a1111.asked import Txt2Img
from api.openai.asked import Asked
from comparison.votes import next_pair
from errors import InvalidRequest
from gallery.search import Search
from generation import infotext, mark
from generation.request import GenerationRequest
from safety.prompt import MINORS
from safety.veil import PATCHES, SIDE
from tests import checkers
from tests.deployments import entry, written
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

REFUSED = "a n u d e  c h i l d"
# What somebody might hope that switches the check off, under names of several servers.
SWITCHES: dict[str, Any] = {
    **dict.fromkeys(("safety", "policy", "moderation", "safety_policy", "nsfw_filter", "censor"), "off"),
    **dict.fromkeys(("safety_checker", "enable_safety_checker", "requires_safety_checker", "filter_nsfw"), False),
    **dict.fromkeys(("nsfw", "allow_nsfw", "harmless", "disable_safety_checker", "public"), True),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    """Where everything is flagged but the pictures of one model."""
    folder = tmp_path_factory.mktemp("deployment")
    checker = checkers.built(folder / "flagging", checkers.ALL)
    models = (entry("tiny", checkpoints["sd"]), entry("harmless", checkpoints["sd"], harmless=True))
    safety = {"policy": "block", "checker": checker.model_dump()}
    with served(written(folder, *models, safety=safety), folder / "outputs") as there:
        yield there


@pytest.fixture(scope="module")
def client(here: Served) -> Client:
    return Client(here.url, verbose=False)


def is_withheld(png: bytes) -> bool:
    """Whether it is a stand-in, and says so; it must have the mark of AI whatever it is."""
    assert mark.SOURCE.encode() in png
    said = infotext.parts(infotext.inside(png) or "").pairs.get("Withheld")
    image = Image.open(BytesIO(png)).convert("RGB")
    plain = image.getpixel((1, 1)) == (38, 36, 35)
    assert plain == (said == "blocked")
    return plain


def by_page(client: Client, **asked: Any) -> list[bytes]:
    files, details = client.predict(**asked, api_name="/generate")
    assert details["withheld"] == ["blocked" if asked.get("model") != "harmless" else None] * len(files)
    return [Path(file).read_bytes() for file in files]


def by_a1111(here: Served, **asked: Any) -> list[bytes]:
    answer = httpx.post(f"{here.url}/sdapi/v1/txt2img", json=asked, timeout=PATIENCE).raise_for_status().json()
    info = json.loads(answer["info"])
    found = [base64.b64decode(image) for image in answer["images"]]
    assert info["nsfw_content_detected"] == [is_withheld(png) for png in found]
    assert ("safety checker flagged" in info["comments"]) == any(info["nsfw_content_detected"])
    return found


def by_mcp(here: Served, **asked: Any) -> types.CallToolResult:
    async def call() -> types.CallToolResult:
        async with (
            streamable_http_client(f"{here.url}/mcp") as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            return await session.call_tool("generate_image", asked)

    return anyio.run(call)


def test_the_page_and_its_endpoint(client: Client) -> None:
    assert all(is_withheld(png) for png in by_page(client, prompt="a cat", count=2))
    assert not any(is_withheld(png) for png in by_page(client, prompt="a cat", model="harmless"))
    with pytest.raises(AppError, match="sexual content together with children") as refused:
        client.predict(REFUSED, api_name="/generate")
    assert "c h i l d" not in str(refused.value)


def test_the_endpoint_shows_no_preview_that_says_anything(client: Client, here: Served) -> None:
    job = client.submit("a cat", steps=20, api_name="/generate")
    job.result()
    shown = [told["preview"] for _, told in job.outputs() if told.get("preview")]
    for url in shown:
        frame = Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")
        assert finer_than_patches(frame) < 40
    assert shown


def finer_than_patches(frame: Image.Image) -> float:
    """The most that any of its grey levels, 0 to 255, is away from what a veil's patches of one colour can show.

    A veil leaves up to 21 of it, by JPEG and where bright patches meet dark ones; 8x8 latents as they are have 46 at
    least (of 400 random ones).
    """
    single = Image.fromarray(np.eye(PATCHES, dtype=np.float32))
    enlarged = np.asarray(single.resize((PATCHES, SIDE), Image.Resampling.BICUBIC))  # (SIDE, PATCHES), as a veil does
    shown = enlarged @ np.linalg.pinv(enlarged)
    levels = np.asarray(frame, dtype=np.float32)
    return float(np.abs(levels - shown @ levels @ shown.T).max())


def test_comparisons(client: Client, here: Served) -> None:
    assert here.runs
    before = here.runs.listed()
    with pytest.raises(AppError, match="sexual content together with children"):
        client.predict(["a cat", REFUSED], ["tiny", "harmless"], [7], api_name="/compare")
    assert here.runs.listed() == before  # nothing of the prompt is kept
    told = client.predict(["a cat"], ["tiny", "harmless"], [7], api_name="/compare")
    found = {(cell["row"], cell["model"]): cell for cell in told["cells"]}
    assert found[0, "tiny"]["picture"]["withheld"] == "blocked"
    assert is_withheld(here.runs.file(told["id"], found[0, "tiny"]["picture"]["file"]))
    assert found[0, "tiny"]["quality"] == {}
    assert found[0, "harmless"]["picture"]["withheld"] is None
    assert not is_withheld(here.runs.file(told["id"], found[0, "harmless"]["picture"]["file"]))
    assert next_pair(here.runs.record(told["id"]), (), random.Random(1)) is None  # nobody votes on a stand-in


def test_a1111(here: Served) -> None:
    asked = {"prompt": "a cat", "steps": 2}
    assert all(is_withheld(png) for png in by_a1111(here, **asked, batch_size=2))
    assert not any(is_withheld(png) for png in by_a1111(here, **asked, override_settings=chosen("harmless")))
    refused = httpx.post(f"{here.url}/sdapi/v1/txt2img", json={"prompt": REFUSED}, timeout=PATIENCE)
    assert (refused.status_code, MINORS in refused.json()["detail"]) == (400, True)
    assert "c h i l d" not in refused.text


def chosen(model: str) -> dict[str, str]:
    return {"sd_model_checkpoint": model}


def test_a1111_has_no_field_that_changes_it(here: Served) -> None:
    asked = {"prompt": "a cat", "steps": 1}
    httpx.post(f"{here.url}/sdapi/v1/options", json=SWITCHES, timeout=PATIENCE)
    assert all(is_withheld(png) for png in by_a1111(here, **asked, **SWITCHES, override_settings=SWITCHES))
    free = [field for field in Txt2Img.model_fields if field not in ("prompt", "steps", "batch_size", "n_iter")]
    bodies: list[dict[str, Any]] = [{field: it} for it in (True, "off") for field in free if takes(field, it)]
    off = {field: False for field in free if takes(field, False) and field != "send_images"}
    for body in (*bodies, off):
        answer = httpx.post(f"{here.url}/sdapi/v1/txt2img", json=asked | body, timeout=PATIENCE)
        found = answer.json()["images"] if answer.is_success else []
        assert all(is_withheld(base64.b64decode(image)) for image in found)


def takes(field: str, value: object) -> bool:
    try:
        Txt2Img.model_validate_json(json.dumps({field: value}))
    except ValidationError:
        return False
    return isinstance(value, str) or Txt2Img.model_fields[field].annotation == bool | None


def test_openai_has_no_field_that_changes_it(here: Served) -> None:
    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as client:

        def blocked(code: str, **asked: Any) -> None:
            with pytest.raises(openai.APIError) as refused:
                client.images.generate(prompt="a cat", **asked)
            assert refused.value.code == code

        for name, value in SWITCHES.items():
            if name not in Asked.model_fields:
                blocked("unknown_parameter", extra_body={name: value})
        blocked(
            "moderation_blocked", moderation="low", user="off", quality="low", extra_body={"safety_identifier": "off"}
        )


def test_assistants(here: Served) -> None:
    made = by_mcp(here, prompt="a cat")
    (image,) = (block for block in made.content if isinstance(block, types.ImageContent))
    assert is_withheld(base64.b64decode(image.data))
    assert "safety checker flagged" in str(made.content)
    for name, value in SWITCHES.items():
        assert by_mcp(here, prompt="a cat", **{name: value}).isError
    refused = by_mcp(here, prompt=REFUSED)
    assert refused.isError
    assert MINORS in str(refused.content)


def test_the_engine_takes_no_field_that_changes_it(here: Served) -> None:
    assert not set(SWITCHES) & set(GenerationRequest.model_fields)
    for name, value in SWITCHES.items():
        with pytest.raises(InvalidRequest, match="is not a setting"):
            here.engine.request({"prompt": "a cat", name: value})


def test_nothing_that_was_withheld_is_in_the_gallery(here: Served, client: Client) -> None:
    """After all that this file has made, and one picture more that is kept."""
    by_page(client, prompt="the last one", model="harmless")
    assert here.keeper
    assert {entry.model for entry in here.keeper.gallery.page(Search(), None, 100)} == {"harmless"}
