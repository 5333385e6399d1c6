"""Programs that speak the images API: many at once on several models, what Open WebUI sends, and README's example."""

import asyncio
import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.openai_server import content, images, many_models, recipe
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(many_models(tmp_path_factory.mktemp("deployment"), checkpoints)) as one:
        yield one


def test_eight_clients_at_once_each_get_their_own_models_picture(there: Served) -> None:
    async def made(number: int) -> tuple[str, str, int]:
        async with openai.AsyncOpenAI(base_url=f"{there.url}/v1", api_key="any", timeout=PATIENCE) as client:
            asked = {"prompt": f"cup {number}", "model": f"tiny-{number % 4}", "extra_body": {"seed": number}}
            if number % 2:
                stream = await client.images.generate(**asked, stream=True, partial_images=1)  # type: ignore[call-overload]
                picture = [content(event) async for event in stream][-1]
            else:
                picture = content(images(await client.images.generate(**asked))[0])  # type: ignore[call-overload]
            told = recipe(picture)
            return told["prompt"], told["model"], told["seed"]

    async def all_of_them() -> list[tuple[str, str, int]]:
        return await asyncio.gather(*map(made, range(8)))

    assert asyncio.run(all_of_them()) == [(f"cup {n}", f"tiny-{n % 4}", n) for n in range(8)]


# Open WebUI's engine "openai": backend/open_webui/routers/images.py

OPEN_WEBUI = [
    ({"size": "128x128"}, "", {"width": 128, "height": 128}),
    ({}, "?api-version=2024-02-01", {"width": 64}),  # of a model for which no size is set
    ({"size": "auto", "steps": 3, "cfg_scale": 2.5, "negative_prompt": "fog"}, "", {"steps": 3, "guidance_scale": 2.5}),
]


@pytest.mark.parametrize(("added", "query", "expected"), OPEN_WEBUI)
@pytest.mark.parametrize("form", [{"response_format": "b64_json"}, {}, {"response_format": "url"}])
def test_what_open_webui_sends(
    there: Served, added: dict[str, Any], query: str, expected: dict[str, Any], form: dict[str, str]
) -> None:
    headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
    asked = {"model": "tiny-2", "prompt": "a harbour", "n": 2} | form | added
    url = f"{there.url}/v1/images/generations{query}"
    answer = httpx.post(url, json=asked, headers=headers, timeout=PATIENCE).raise_for_status().json()
    for image in answer["data"]:
        if image.get("url"):
            del headers["Content-Type"]
            fetched = httpx.get(image["url"], headers=headers, timeout=PATIENCE).raise_for_status()
            assert fetched.headers["content-type"].split("/")[0] == "image"
            picture = fetched.content
            headers["Content-Type"] = "application/json"
        else:
            picture = base64.b64decode(image["b64_json"])
        told = recipe(picture)
        assert (told["prompt"], told["model"]) == ("a harbour", "tiny-2")
        assert {name: told[name] for name in expected} == expected
    assert len(answer["data"]) == 2


def test_readmes_example_runs(there: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README.split("### OpenAI\n")[1].split("\n### ")[0].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for ours, tiny in (("http://127.0.0.1:7860", there.url), ("mini-sd", "tiny-0"), ("mini-bk-sdm", "tiny-1")):
        code = code.replace(ours, tiny)
    code = re.sub(r'size="[^"]*"', 'size="64x64"', code)
    exec(compile(code, "README.md", "exec"), {})
    assert all(recipe(file.read_bytes()) for file in tmp_path.glob("*.png"))
    assert list(tmp_path.glob("*.png"))
