"""How a server tells how it fares: /healthz and /metrics, over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics
from api.operation import Health, health
from config import Server, load
from generation.engine import Engine
from generation.events import Cancelled
from models.registry import registry
from terminal.opening import Opening
from terminal.serving import built
from tests.published import from_folder
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

NAME = from_folder("sd", Path()).name


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        yield there


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    path = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"], server={"public": True})
    with served(path) as there:
        yield there


def told(page: Served) -> Health:
    return Health.model_validate(httpx.get(f"{page.url}/healthz", timeout=PATIENCE).json())


def sample(page: Served, name: str, **labels: str) -> float:
    """The value of `name` with those labels; 0 where nothing was counted yet."""
    answer = httpx.get(f"{page.url}/metrics", timeout=PATIENCE)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
    return next((one.value for one in samples if one.name == name and one.labels == labels), 0.0)


def made(page: Served, model: str = "tiny") -> None:
    page.engine.submit(page.engine.request({"prompt": "a cat", "model": model, "steps": 1})).result()


def test_a_server_that_can_develop_is_ready_and_says_what_it_is_at(page: Served) -> None:
    made(page)
    answer = httpx.get(f"{page.url}/healthz", timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    now = Health.model_validate(answer.json())
    assert (now.live, now.ready, now.reason) == (True, True, None)
    assert now.details
    assert (now.details.models, now.details.running, now.details.waiting) == (["tiny"], 0, 0)
    assert now.details.device
    assert now.details.device.startswith("CPU")


def test_it_counts_who_runs_and_who_waits(page: Served) -> None:
    jobs = [page.engine.submit(page.engine.request({"prompt": "a cat", "model": "tiny", **LONG})) for _ in range(3)]

    def counts() -> tuple[int, int]:
        details = told(page).details
        assert details
        return details.running, details.waiting

    until(lambda: counts() == (1, 2))
    assert sample(page, "darkroom_jobs_running") == 1
    assert sample(page, "darkroom_jobs_waiting") == 2
    for job in jobs:
        job.cancel()
    until(lambda: counts() == (0, 0))


def test_one_that_has_not_started_or_is_about_to_end_is_not_ready(checkpoints: Checkpoints) -> None:
    engine = Engine(registry([from_folder("sd", checkpoints["sd"])]), default_model=NAME)
    before = health(engine, detailed=False)
    assert (before.live, before.ready) == (True, False)
    assert before.reason == "Darkroom is starting: torch is being imported and a device looked for."
    engine.start()
    until(lambda: health(engine, detailed=False).ready)
    engine.close()
    after = health(engine, detailed=False)
    assert (after.ready, after.reason) == (False, "Darkroom is being shut down.")


def test_one_without_a_device_does_not_live(checkpoints: Checkpoints) -> None:
    engine = Engine(registry([from_folder("sd", checkpoints["sd"])]), default_model=NAME, device="abacus")
    engine.start()
    until(lambda: not health(engine, detailed=True).live)
    now = health(engine, detailed=True)
    assert now.reason == "There is no device to work on. The log says why."
    assert now.details
    assert now.details.device is None
    engine.close()


def test_not_ready_is_503_with_the_reason(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])) as there:
        until(lambda: told(there).ready)
        there.engine.close()
        answer = httpx.get(f"{there.url}/healthz", timeout=PATIENCE)
        assert answer.status_code == 503
        assert answer.json()["reason"] == "Darkroom is being shut down."


def test_where_others_can_come_they_are_told_no_more_than_that(public: Served) -> None:
    now = told(public)
    assert now.live
    assert now.details is None
    assert httpx.get(f"{public.url}/metrics", timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize(
    ("chosen", "public", "counted"),
    [(None, False, True), (None, True, False), (True, True, True), (False, False, False)],
)
def test_it_is_the_operators_choice(
    checkpoints: Checkpoints,
    tmp_path_factory: pytest.TempPathFactory,
    chosen: bool | None,
    public: bool,
    counted: bool,
) -> None:
    path = two_models(tmp_path_factory.mktemp("deployment"), checkpoints["sd"])
    deployment = load(path)
    engine = Engine(registry(deployment.models), default_model="tiny")
    studio = built(engine, deployment, Opening(Server(metrics=chosen), why="a test" if public else None))
    assert (studio.metrics is not None) is counted


def test_jobs_are_counted_by_model_and_outcome_with_what_they_took(page: Served) -> None:
    before = sample(page, "darkroom_jobs_total", model="plain", outcome="finished")
    made(page, "plain")
    until(lambda: sample(page, "darkroom_jobs_total", model="plain", outcome="finished") == before + 1)
    assert sample(page, "darkroom_pictures_total", model="plain") >= 1
    assert sample(page, "darkroom_model_loads_total", model="plain") >= 1
    for phase in ("queue", "load", "text", "denoise", "decode"):
        assert sample(page, "darkroom_phase_seconds_count", model="plain", phase=phase) >= 1, phase
    assert sample(page, "darkroom_model_on_device", model="plain") == 1
    assert sample(page, "darkroom_model_on_device", model="tiny") == 0


def test_a_cancelled_job_is_counted_as_such(page: Served) -> None:
    before = sample(page, "darkroom_jobs_total", model="tiny", outcome="cancelled")
    job = page.engine.submit(page.engine.request({"prompt": "a cat", "model": "tiny", **LONG}))
    job.cancel()
    until(lambda: isinstance(job.latest, Cancelled))
    until(lambda: sample(page, "darkroom_jobs_total", model="tiny", outcome="cancelled") == before + 1)


def test_memory_is_told(page: Served) -> None:
    assert sample(page, "process_resident_memory_bytes") > 1e6
    total = sample(page, "darkroom_memory_bytes", of="host", kind="total")
    assert 0 < sample(page, "darkroom_memory_bytes", of="host", kind="used") <= total


def test_requests_that_are_not_let_in_are_counted_by_the_reason(page: Served) -> None:
    before = sample(page, "darkroom_refused_requests_total", reason="origin_not_allowed")
    httpx.post(f"{page.url}/v1/images/generations", headers={"Origin": "https://evil.example"}, timeout=PATIENCE)
    assert sample(page, "darkroom_refused_requests_total", reason="origin_not_allowed") == before + 1


def test_two_servers_in_one_process_count_apart(checkpoints: Checkpoints) -> None:
    one, other = (Engine(registry([from_folder("sd", checkpoints["sd"])]), default_model=NAME) for _ in range(2))
    counted, beside = Metrics(one), Metrics(other)
    one.submit(one.request({"prompt": "a cat"})).cancel()
    line = f'darkroom_jobs_total{{model="{NAME}",outcome="cancelled"}} 1.0'
    assert line in counted.text().decode()
    assert line not in beside.text().decode()
