"""What one visitor may have where others come: at every door alike, and others go on."""

import time
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

import config
from comparison.plan import Plan
from errors import ConfigError, InvalidRequest, LimitReached
from generation.caller import Caller
from generation.engine import Engine
from generation.request import check
from models.registry import registry
from studio import Studio
from tests.published import from_folder
from tests.serving import LONG, served, two_models
from tests.test_queue import REQUEST, Clock
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE
from ui.controls import fitted
from ui.layout import WORDS, build
from ui.recipe import defaults
from visitors.admission import Admission
from visitors.limits import lowered, narrowed
from visitors.settings import Allowance

OURS = Path(config.__file__).with_name("config.yaml")
ONE, OTHER = Caller("a" * 16, "address 8.8.8.8"), Caller("b" * 16, "address 9.9.9.9")


def pictures(count: int) -> Any:
    return REQUEST.model_copy(update={"count": count})


# Pictures a minute


def test_pictures_of_the_last_minute_count_and_it_is_told_when_to_come_again() -> None:
    clock = Clock()
    admitted = Admission(Allowance(pictures_per_minute=5, count=5), clock)
    admitted(pictures(2), ONE)
    clock.now += 20
    admitted(pictures(3), ONE)
    admitted(pictures(5), OTHER)
    for count, seconds in ((1, 40), (2, 40), (3, 60), (5, 60)):
        with pytest.raises(LimitReached, match="5 pictures a minute") as refused:
            admitted(pictures(count), ONE)
        assert refused.value.retry_seconds == seconds
    clock.now += 40
    admitted(pictures(2), ONE)
    with pytest.raises(LimitReached):
        admitted(pictures(1), ONE)


def test_whoever_is_not_counted_has_no_limits() -> None:
    admitted = Admission(Allowance(pictures_per_minute=1, count=1))
    for _ in range(20):
        admitted(pictures(8), Caller("a" * 16))


def test_a_job_must_fit_into_a_minute() -> None:
    with pytest.raises(ValueError, match="more than pictures_per_minute allows"):
        Allowance(count=9, pictures_per_minute=8)


# Jobs under way


def test_jobs_count_while_they_wait_or_run(checkpoints: Checkpoints) -> None:
    spec = from_folder("sd", checkpoints["sd"])
    admission = Admission(Allowance(jobs=2))
    engine = Engine(registry([spec]), default_model=spec.name, device="cpu", admit=admission)
    engine.listen(admission.hear)
    engine.start()
    try:
        asked = engine.request({"prompt": "a", **LONG, "steps": 150})
        first, second = (engine.submit(asked, caller=ONE) for _ in range(2))
        with pytest.raises(LimitReached, match="2 of your jobs wait or run already"):
            engine.submit(asked, caller=ONE)
        theirs = engine.submit(asked, caller=OTHER)
        second.cancel()  # which waited
        third = engine.submit(asked, caller=ONE)
        with pytest.raises(LimitReached):
            engine.submit(asked, caller=ONE)
        for job in (first, third, theirs):
            job.cancel()
        assert [type(event).__name__ for event in first.events()][-1] == "Cancelled"
        engine.submit(engine.request({"prompt": "a", "steps": 1}), caller=ONE).result()
    finally:
        engine.close()


# Sizes, steps, pictures a job, prompts


@pytest.mark.parametrize("spec", config.load(OURS).models, ids=lambda spec: str(spec.name))
def test_every_model_of_ours_has_a_default_that_visitors_may_have(spec: Any) -> None:
    deployment = config.load(OURS).for_visitors()
    few = Engine(registry(deployment.models), default_model=spec.name, limits=deployment.limits)
    asked = few.request({"prompt": "a cat"})
    for wrong in ({"steps": 51}, {"width": 1280, "height": 1280}, {"count": 5}, {"prompt": "a" * 2001}):
        with pytest.raises(InvalidRequest):
            few.request({"prompt": "a cat"} | wrong)
    check(asked, spec, config.load(OURS).limits)


def test_what_visitors_may_not_have_is_not_offered() -> None:
    spec = next(spec for spec in config.load(OURS).models if spec.name == "mini-sd")
    few = narrowed(spec, Allowance(pixels=128 * 128, steps=10))
    assert [(size.width, size.height) for size in few.sizes] == [(128, 128)]
    assert (few.max_pixels, few.steps.high, few.steps.default) == (128 * 128, 10, 10)
    wide = narrowed(spec, Allowance(pixels=10**9, steps=10**9))
    assert wide == spec
    assert lowered(config.load(OURS).limits, Allowance(comparison=3)).comparison == 3


@pytest.mark.parametrize(
    ("allowed", "why"),
    [
        (Allowance(pixels=100), r"visitors\.pixels is 100, but the smallest size of mini-sd has 16384"),
        (Allowance(steps=1), r"visitors\.steps is 1, but mini-sd takes 3 at least"),
    ],
)
def test_limits_that_leave_nothing_are_refused_at_start(allowed: Allowance, why: str) -> None:
    spec = config.load(OURS).models[0]
    spec = spec.model_copy(update={"steps": spec.steps.model_copy(update={"low": 3})})
    with pytest.raises(ConfigError, match=why):
        narrowed(spec, allowed)


def test_the_page_shows_what_leaves_no_choice_and_nobody_can_move_it() -> None:
    allowed = Allowance(count=1, steps=1)
    deployment = config.load(OURS).model_copy(update={"visitors": allowed}).for_visitors()
    engine = Engine(registry(deployment.models), default_model="mini-sd", limits=deployment.limits)
    sliders = [it for it in build(Studio(engine)).blocks.values() if isinstance(it, gr.Slider)]
    fixed = {it.elem_id: (it.value, it.interactive) for it in sliders if it.elem_id in ("steps", "count")}
    assert fixed == {"steps": (1, False), "count": (1, False)}
    bench = fitted(engine.models["ssd-1b"], defaults(engine.models["ssd-1b"]), WORDS)
    assert (bench.steps.value, bench.steps.interactive) == (1, False)


# At every door


def test_every_door_says_what_the_limit_is_and_when_to_come_again(tmp_path: Path, checkpoints: Checkpoints) -> None:
    visitors = {"jobs": 1, "pictures_per_minute": 4, "count": 2, "steps": 900, "comparison": 2}
    own: dict[str, Any] = {"server": {"public": True}, "safety": {"policy": "off"}, "visitors": visitors}
    path = two_models(tmp_path, checkpoints["sd"], comparison={"folder": "compared"}, **own)
    with served(path) as server:
        busy = Client(server.url, verbose=False).submit("never finished", **LONG, api_name="/generate")
        while not server.engine.jobs():
            assert not busy.done()
            time.sleep(0.02)
        asked = {"prompt": "a cat", "size": "64x64"}
        refused = httpx.post(f"{server.url}/v1/images/generations", json=asked, timeout=PATIENCE)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert "1 of your jobs" in refused.json()["error"]["message"]
        with pytest.raises(AppError, match="1 of your jobs waits or runs already"):
            Client(server.url, verbose=False).predict("a dog", api_name="/generate")
        busy.cancel()
        assert server.runs
        with pytest.raises(InvalidRequest, match="At most 2"):
            server.runs.start(Plan(prompts=("a", "b", "c"), models=("tiny",), seeds=(1,)), ONE)


def test_a_comparison_waits_where_a_limit_says_later(tmp_path: Path, checkpoints: Checkpoints) -> None:
    own: dict[str, Any] = {"server": {"public": True}, "safety": {"policy": "off"}, "visitors": {"jobs": 1}}
    path = two_models(tmp_path, checkpoints["sd"], comparison={"folder": "compared"}, **own)
    with served(path) as server:
        assert server.runs
        job = server.engine.submit(server.engine.request({"prompt": "a", "steps": 40}), caller=ONE)
        id, seen = server.runs.start(Plan(prompts=("a",), models=("tiny",), seeds=(1, 2)), ONE), 0
        while any(cell.state.value in ("waiting", "running") for cell in server.runs.record(id).cells):
            seen = server.runs.changed(id, seen, 60)
        assert job.done
        assert [cell.state.value for cell in server.runs.record(id).cells] == ["done", "done"]
