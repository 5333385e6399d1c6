"""The endpoint /generate over real HTTP: gradio_client, and raw requests as anybody can send them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from generation.events import Cancelled
from generation.request import GenerationRequest
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

FIELDS = tuple(GenerationRequest.model_fields)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture(scope="module")
def client(page: Served) -> Client:
    return Client(page.url, verbose=False)


# What the endpoint is


def test_the_endpoint_takes_a_requests_fields_and_only_the_prompt_is_needed(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/generate", "/models"}
    told = endpoints["/generate"]
    assert tuple(parameter["parameter_name"] for parameter in told["parameters"]) == FIELDS
    needed = [parameter["parameter_name"] for parameter in told["parameters"] if not parameter["parameter_has_default"]]
    assert needed == ["prompt"]
    assert {p["parameter_default"] for p in told["parameters"]} == {None}
    assert [returned["label"] for returned in told["returns"]] == ["pictures", "details"]
    assert "Develop pictures from a prompt" in told["description"]


def test_a_prompt_alone_takes_the_models_defaults(client: Client, page: Served) -> None:
    files, details = client.predict("a lighthouse", api_name="/generate")
    assert details["state"] == "finished"
    spec = page.engine.models["tiny"]
    asked = details["request"]
    assert asked | {"seed": 0} == {
        "prompt": "a lighthouse",
        "negative_prompt": "",
        "model": "tiny",
        "steps": spec.steps.default,
        "guidance_scale": 7.5,
        "width": 64,
        "height": 64,
        "seed": 0,
        "sampler": "Default",
        "count": 1,
    }
    assert details["seeds"] == [asked["seed"]]
    assert set(details["timings"]) >= {"load", "text", "denoise", "decode", "total"}
    assert details["peak_memory_bytes"] > 0
    assert [Path(file).suffix for file in files] == [".png"]


def test_the_defaults_are_those_of_the_model_that_is_asked_for(client: Client) -> None:
    _, details = client.predict("a lighthouse", model="plain", api_name="/generate")
    asked = details["request"]
    assert (asked["steps"], asked["guidance_scale"], asked["width"]) == (3, None, 96)
    assert asked["negative_prompt"] == "blurry"


def test_everything_can_be_asked_and_the_files_are_byte_for_byte_what_was_made(client: Client, page: Served) -> None:
    asked = {
        "prompt": "two boats",
        "negative_prompt": "fog",
        "model": "tiny",
        "steps": 3,
        "guidance_scale": 4.5,
        "width": 128,
        "height": 64,
        "seed": 11,
        "sampler": "Euler",
        "count": 2,
    }
    files, details = client.predict(**asked, api_name="/generate")
    assert details["request"] == asked
    assert details["seeds"] == [11, 12]
    made = page.engine.job(details["job"]).pictures()
    assert [Path(file).read_bytes() for file in files] == [picture.png for picture in made]
    with Image.open(files[1]) as picture:
        assert picture.size == (128, 64)
        assert "two boats" in picture.text["parameters"]  # type: ignore[attr-defined]
        assert "Seed: 12" in picture.text["parameters"]  # type: ignore[attr-defined]


def test_a_seed_gives_the_same_bytes_again(client: Client) -> None:
    one, _ = client.predict("a tree", seed=5, api_name="/generate")
    other, _ = client.predict("a tree", seed=5, api_name="/generate")
    assert Path(one[0]).read_bytes() == Path(other[0]).read_bytes()


def test_a_run_is_told_as_it_goes_on_with_previews(client: Client) -> None:
    job = client.submit("a slow picture", **LONG, api_name="/generate")
    until(lambda: any(details["state"] == "step" and details["preview"] for _, details in job.outputs()))
    told = [details for _, details in job.outputs()]
    steps = [details["done"] for details in told if details["state"] == "step"]
    assert steps == sorted(steps)
    preview = next(details["preview"] for details in reversed(told) if details.get("preview"))
    assert preview.startswith("data:image/jpeg;base64,")
    job.cancel()


def test_a_client_that_cancels_stops_the_work(client: Client, page: Served) -> None:
    job = client.submit("never finished", **LONG, api_name="/generate")
    until(lambda: any(details["state"] == "step" for _, details in job.outputs()))
    running = page.engine.job(job.outputs()[-1][1]["job"])
    job.cancel()
    until(lambda: running.done)
    assert isinstance(running.latest, Cancelled)
    files, _ = client.predict("the next one", api_name="/generate")
    assert len(files) == 1


def test_two_clients_at_once_each_get_what_they_asked_for(page: Served) -> None:
    def made(model: str, seed: int) -> tuple[str, list[int]]:
        _, details = Client(page.url, verbose=False).predict(
            "a cup", model=model, seed=seed, count=2, api_name="/generate"
        )
        return details["request"]["model"], details["seeds"]

    with ThreadPoolExecutor(4) as pool:
        asked = [("tiny", 1), ("plain", 2), ("tiny", 3), ("plain", 4)]
        got = list(pool.map(made, *zip(*asked, strict=True)))
    assert got == [(model, [seed, seed + 1]) for model, seed in asked]


# What it refuses

REFUSED = [
    ({"prompt": None}, "Prompt is None"),
    ({"prompt": 7}, "Prompt is 7"),
    ({"prompt": {"a": 1}}, "Prompt is {'a': 1}"),
    ({"prompt": "x" * 1_000_000}, "1000000 characters"),
    ({"prompt": "a\x00b"}, "U\\+0000"),
    ({"prompt": "a\x1b[2Jb"}, "U\\+001B"),
    ({"prompt": "a\ud800b"}, "U\\+D800"),
    ({"negative_prompt": ["x"]}, "Negative prompt is"),
    ({"model": "nobody/knows"}, "not on offer"),
    ({"model": "<img src=x>"}, "&lt;img src=x&gt;"),
    ({"steps": 0}, "Steps is 0"),
    ({"steps": -1}, "Steps is -1"),
    ({"steps": 10**9}, "Steps is 1000000000"),
    ({"steps": 4.5}, "Steps is 4.5. Give a whole number"),
    ({"steps": "4"}, "Steps is '4'"),
    ({"steps": True}, "Steps is True"),
    ({"guidance_scale": float("nan")}, "Guidance scale is nan"),
    ({"guidance_scale": float("inf")}, "Guidance scale is inf"),
    ({"guidance_scale": 31}, "Guidance scale is 31"),
    ({"model": "plain", "guidance_scale": 2.0}, "takes none"),
    ({"width": 65}, "multiple of 8; try 64"),
    ({"height": -64}, "Height is -64"),
    ({"width": 4096, "height": 4096}, "pixels"),
    ({"seed": -2}, "Seed is -2"),
    ({"seed": 2**32}, "Seed is 4294967296"),
    ({"sampler": "Magic"}, "Sampler is 'Magic'"),
    ({"count": 9}, "Count is 9"),
    ({"count": []}, "Count is \\[\\]"),
]


@pytest.mark.parametrize(("bad", "message"), REFUSED, ids=[str(bad)[:40] for bad, _ in REFUSED])
def test_bad_input_is_refused_before_any_work_with_one_clear_message(
    page: Served, bad: dict[str, Any], message: str
) -> None:
    asked = {"prompt": "a cat", **bad}
    before = len(page.engine.jobs())
    with pytest.raises(Refused, match=message):
        posted(page.url, [asked.get(field) for field in FIELDS])
    assert len(page.engine.jobs()) == before


def test_what_gradio_would_coerce_arrives_unmangled_from_its_own_client(client: Client) -> None:
    with pytest.raises(AppError, match=r"Steps is 4\.5\. Give a whole number"):
        client.predict("a cat", steps=4.5, api_name="/generate")
    with pytest.raises(AppError, match="Width is '64'"):
        client.predict("a cat", width="64", api_name="/generate")


class Refused(Exception):  # noqa: N818 - as errors.py names its own
    """What the server said instead of an answer."""


def posted(url: str, data: list[Any]) -> Any:
    """The last answer to a raw request, as curl would send it; NaN and lone surrogates as Python's json writes them."""
    body = json.dumps({"data": data})
    headers = {"content-type": "application/json"}
    asked = httpx.post(f"{url}/gradio_api/call/generate", content=body, headers=headers, timeout=PATIENCE)
    if asked.status_code != 200:
        raise Refused(f"{asked.status_code} {asked.text}")
    event, last = "", None
    with httpx.stream("GET", f"{url}/gradio_api/call/generate/{asked.json()['event_id']}", timeout=PATIENCE) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
                if event == "error":
                    raise Refused(last if isinstance(last, str) else json.dumps(last))
    return last


def test_a_raw_request_with_the_ten_values_is_answered_with_files(page: Served) -> None:
    files, details = posted(page.url, ["a cat", None, None, 1, None, None, None, 3, None, None])[:2]
    assert details["seeds"] == [3]
    served_file = httpx.get(files[0]["url"], timeout=PATIENCE)
    assert served_file.content == page.engine.job(details["job"]).pictures()[0].png


# Doors


def test_the_queue_cannot_be_skipped(page: Served) -> None:
    answer = httpx.post(f"{page.url}/gradio_api/run/generate", json={"data": ["a cat"]}, timeout=PATIENCE)
    assert answer.status_code in (401, 403, 404)


@pytest.mark.parametrize("path", ["/monitoring", "/monitoring/summary", "/gradio_api/runs", "/gradio_api/mcp/schema"])
def test_doors_that_are_not_needed_are_shut(page: Served, path: str) -> None:
    answer = httpx.get(page.url + path, timeout=PATIENCE)
    assert answer.status_code >= 400 or "summary" not in answer.text


@pytest.mark.parametrize("path", ["/work", "/etc/passwd", "config.yaml", "app.py", "../config.yaml"])
def test_no_file_but_the_finished_pictures_is_served(page: Served, path: str) -> None:
    assert httpx.get(f"{page.url}/gradio_api/file={path}", timeout=PATIENCE).status_code == 403


def test_nothing_can_be_uploaded(page: Served) -> None:
    files = {"files": ("x.html", b"<script>alert(1)</script>", "text/html")}
    assert httpx.post(f"{page.url}/gradio_api/upload", files=files, timeout=PATIENCE).status_code == 404
