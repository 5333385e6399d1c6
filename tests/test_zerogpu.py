"""ZeroGPU, with the real spaces package: its emulation of CUDA, its forked workers, its client. See pretend_gpu.py."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from config import load
from errors import ConfigError, InvalidRequest
from generation.events import Cancelled, Finished, Queued, Timings
from generation.pace import Pace
from generation.request import GenerationRequest, complete
from generation.settings import Limits
from models.registry import registry
from models.storage import State
from tests.dockerfile import ROOT
from tests.elsewhere import free_port, running
from tests.published import from_folder
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE
from tests.zerogpu_api import ZeroGpuApi
from zerogpu import duration
from zerogpu.engine import ZeroEngine
from zerogpu.settings import ZeroGpu, held, present

OURS = load(ROOT / "config.yaml")
MODELS = registry(OURS.models)
MINIS = [name for name, spec in MODELS.items() if spec.local]
SMALL = {"width": 32, "height": 32}  # in float16 a CPU is slow
TOKEN = "header.eyJ1c2VyIjoiYWRhIn0.signature"  # as the hub puts it into the requests of a visitor


def asked(model: str, **values: Any) -> GenerationRequest:
    return complete({"prompt": "a red circle", "model": model, **values}, MODELS, "mini-sd", Limits())


def test_zerogpu_is_there_where_hugging_face_says_so() -> None:
    assert present({"SPACES_ZERO_GPU": "true"})
    assert not present({"SPACE_ID": "ada/darkroom"})
    assert not present({"SPACES_ZERO_GPU": "false"})


def test_those_that_fit_are_ready_in_the_order_of_the_configuration() -> None:
    assert [spec.name for spec in held(MODELS, ZeroGpu())] == list(MODELS)
    assert [spec.name for spec in held(MODELS, ZeroGpu(memory_gb=5))] == [*MINIS, "ssd-1b"]
    assert [spec.name for spec in held(MODELS, ZeroGpu(models=("bk-sdm-small",)))] == ["bk-sdm-small"]


def test_a_model_to_be_ready_that_is_not_on_offer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"zerogpu\.models.*'sdxl' is not on offer; choose from mini-sd"):
        load(deployment(tmp_path, models=["sdxl"]))


def test_a_job_asks_for_what_jobs_before_it_took_and_a_margin() -> None:
    choices = ZeroGpu(start_seconds=5, margin=2)
    request, pace = asked("mini-sd", steps=10), Pace(MODELS)
    pace.measured(request, Timings(load=3.0, total=13.0), loaded=True)

    def seconds(request: GenerationRequest, ready: bool) -> int:
        return duration.seconds(request, MODELS["mini-sd"], ready, pace, choices)

    assert seconds(request, True) == 5 + 2 * 10
    assert seconds(request, False) == 5 + 2 * (3 + 10)
    assert seconds(asked("mini-sd", steps=20), True) == 5 + 2 * 20


@pytest.mark.parametrize("model", MODELS)
def test_a_first_guess_is_more_for_more_work_and_within_what_is_given(model: str) -> None:
    def seconds(ready: bool = True, **values: Any) -> int:
        return duration.seconds(asked(model, **values), MODELS[model], ready, Pace(MODELS), ZeroGpu())

    assert seconds() < seconds(steps=MODELS[model].steps.high, count=8)
    assert seconds() <= seconds(ready=False) <= ZeroGpu().most_seconds


def deployment(folder: Path, **choices: Any) -> Path:
    """Ours with those choices for ZeroGPU, and what it writes below `folder`."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    said = yaml.safe_load(text.replace(" ./models/", f" {ROOT}/models/"))
    for part in ("gallery", "comparison", "measurement"):
        said[part]["folder"] = str(folder / part)
    said["visitors"] |= {"steps": 100, "count": 8, "pictures_per_minute": 1000}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(said | {"zerogpu": choices}, sort_keys=False), encoding="utf-8")
    return path


@contextmanager
def engine(checkpoint: Path, **choices: Any) -> Iterator[ZeroEngine]:
    """One that is not on ZeroGPU: then spaces calls what it decorates as it is, in this process."""
    tiny = from_folder("sd", checkpoint).model_copy(update={"name": "tiny"})
    one = ZeroEngine(registry([tiny]), default_model="tiny", device="cpu", zerogpu=ZeroGpu(**choices))
    one.hold()
    try:
        yield one
    finally:
        assert one.close()


def test_a_job_that_would_take_too_long_is_refused(checkpoints: Checkpoints) -> None:
    with (
        engine(checkpoints["sd"], most_seconds=10, start_seconds=8, step_seconds=0.1) as one,
        pytest.raises(InvalidRequest, match=r"This may take 11 seconds of a GPU\. At most 10 are given here; lower"),
    ):
        one.submit(one.request({"prompt": "a cat", "steps": 30}))


def test_more_jobs_than_are_taken_at_once_wait_and_can_be_stopped(checkpoints: Checkpoints) -> None:
    with engine(checkpoints["sd"], at_once=1, most_seconds=100_000) as one:
        assert one.states() == {"tiny": State.ON_DEVICE}
        first = one.submit(one.request({"prompt": "a cat", "steps": 150, "count": 8}))
        second, third = (one.submit(one.request({"prompt": "a cat", "steps": 1})) for _ in range(2))
        stands = second.latest
        assert isinstance(stands, Queued)
        assert stands.position == 1
        second.cancel()
        assert second.latest == Cancelled("queued")
        first.cancel()
        assert isinstance(third.result(), Finished)
        assert isinstance(first.latest, Cancelled)
        assert one.jobs() == ()


@dataclass(frozen=True)
class Space:
    """A Space on ZeroGPU at `url`, what it asks for GPUs, and where its pictures are."""

    url: str
    api: ZeroGpuApi
    gallery: Path

    def visitor(self) -> Client:
        return Client(self.url, verbose=False, headers={"x-ip-token": TOKEN}, download_files=False)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    if sys.platform != "linux":
        pytest.skip("ZeroGPU's machines run Linux")
    folder, api, port = tmp_path_factory.mktemp("space"), ZeroGpuApi(), free_port()
    config = deployment(folder, models=["mini-sd"], most_seconds=1_000_000)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SYSTEM": "spaces",
        "SPACE_ID": "ada/darkroom",
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": api.url,
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    command = ["python", "-m", "tests.pretend_gpu", "app.py", "--config", str(config)]
    with running(ROOT, command, environ, folder / "log") as url:
        yield Space(url, api, folder / "gallery")
    api.close()


def test_a_picture_is_made_in_a_process_with_a_gpu_of_its_own_and_kept_by_the_server(space: Space) -> None:
    details: dict[str, Any]
    _, details = space.visitor().predict("a red circle", steps=2, seed=7, **SMALL, api_name="/generate")
    assert details["device"].endswith("float16")  # it was made ready on "cuda"
    assert details["timings"]["load"] < details["timings"]["total"]
    assert ("/startup-report", {}) in space.api.asked
    assert space.api.parameters("/schedule")[-1]["token"] == TOKEN
    assert space.api.parameters("/schedule")[-1]["durationSeconds"].isdecimal()
    assert space.api.parameters("/allow")
    (kept,) = space.gallery.rglob("*.png")
    with Image.open(kept) as picture:
        assert "Seed: 7" in picture.info["parameters"]


def test_a_model_that_is_not_ready_is_loaded_in_that_process(space: Space) -> None:
    job = space.visitor().submit("a red circle", model="mini-bk-sdm", steps=2, api_name="/generate")
    states = {told["state"] for _, told, *_ in job}
    assert {"loading", "step", "finished"} <= states


def test_a_door_beside_gradio_takes_from_the_quota_of_whoever_asks(space: Space) -> None:
    body = {"prompt": "a red circle", "model": "mini-sd", "num_inference_steps": 1, "size": "32x32"}
    url, mine = f"{space.url}/v1/images/generations", TOKEN.replace("header", "another")
    answer = httpx.post(url, json=body, headers={"x-ip-token": mine}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    assert space.api.parameters("/schedule")[-1]["token"] == mine


def test_jobs_do_not_wait_for_each_other_and_one_that_is_stopped_gives_its_gpu_back(space: Space) -> None:
    visitor = space.visitor()
    long = visitor.submit("a red circle", steps=100, count=8, api_name="/generate")
    while next(long)[1]["state"] != "step":
        pass
    visitor.predict("a blue square", steps=1, **SMALL, api_name="/generate")
    assert not long.done()
    given_back = len(space.api.parameters("/release"))
    long.cancel()
    end = time.monotonic() + PATIENCE
    while len(space.api.parameters("/release")) == given_back:
        assert time.monotonic() < end, "the GPU was kept"
        time.sleep(0.1)
    assert space.api.parameters("/release")[-1]["fail"] == "false"


def test_a_visitor_without_quota_is_told_so(space: Space) -> None:
    space.api.refuses = True
    try:
        with pytest.raises(AppError, match=r"ZeroGPU quota exceeded: You have exceeded your"):
            space.visitor().predict("a red circle", steps=1, api_name="/generate")
        body = {"prompt": "a red circle", "model": "mini-sd"}
        answer = httpx.post(f"{space.url}/v1/images/generations", json=body, timeout=PATIENCE)
        assert answer.status_code == 429
    finally:
        space.api.refuses = False


def test_nothing_else_is_offered_that_takes_a_gpu_for_minutes(space: Space) -> None:
    assert "/compare" not in space.visitor().view_api(return_format="dict")["named_endpoints"]
