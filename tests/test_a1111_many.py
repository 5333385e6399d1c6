"""The A1111 door with many clients: each gets the model that it named, and no one else's matters are theirs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest
import webuiapi

from tests.a1111_server import SMALL, Asking, said
from tests.deployments import entry, written
from tests.published import SPECS
from tests.serving import LONG, Served, served, two_models
from tests.tiny import REPOS, Checkpoints
from tests.waiting import PATIENCE, until

CLIENTS = 8
JOBS = 2  # of one visitor at a time
KEYS = {name: f"darkroom-test-key-of-{name}-{'x' * 32}" for name in ("anna", "bert")}


@pytest.fixture(scope="module")
def five(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """All published models, three families, as tiny checkpoints."""
    entries = [entry(name, checkpoints[name], SPECS[name].name, variant=SPECS[name].variant) for name in REPOS]
    with served(written(tmp_path_factory.mktemp("deployment"), *entries)) as there:
        yield there


def client(there: Served, name: str = "") -> webuiapi.WebUIApi:
    signed: dict[str, Any] = {"username": name, "password": KEYS[name]} if name else {}
    return webuiapi.WebUIApi(baseurl=f"{there.url}/sdapi/v1", **signed)


def test_eight_clients_on_five_models_each_get_their_own(five: Served) -> None:
    def asked(number: int) -> list[tuple[str, str, int, str]]:
        """What it wanted, what it is told, and what the pictures themselves say; each begins with another model."""
        api, names = client(five), list(REPOS)
        found = []
        for turn in range(len(names)):
            name = names[(number + turn) % len(names)]
            wanted = {"sd_model_checkpoint": name}
            made = api.txt2img(prompt="a", seed=5, sampler_name="Euler", override_settings=wanted, **SMALL)
            recipe = said(made.image)
            assert recipe["model"] == made.info["sd_model_name"] == name
            found.append((name, recipe["model"], recipe["seed"], made.json["images"][0]))
        api.session.close()
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        made = [one for some in pool.map(asked, range(CLIENTS)) for one in some]
    assert len(made) == CLIENTS * len(REPOS)
    assert len({one[3] for one in made}) == len(REPOS)  # one picture for each model, whoever asked and when
    assert all(wanted == got for wanted, got, *_ in made)


def test_a_model_that_is_chosen_meanwhile_is_not_that_of_a_job_under_way(five: Served) -> None:
    api, other = client(five), client(five)
    asking = Asking(api, steps=40, width=128, height=64, sampler_name="Euler")
    until(lambda: other.get_progress()["state"]["sampling_step"])
    other.set_options({"sd_model_checkpoint": "sdxl"})
    asking.join(60)
    assert said(asking.result.image)["model"] == "sd"
    assert said(api.txt2img(prompt="a", **SMALL).image)["model"] == "sdxl"
    api.session.close()
    other.session.close()


@pytest.fixture(scope="module")
def private(checkpoints: Checkpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Everyone has a key, and sees their own alone."""
    path = two_models(
        tmp_path_factory.mktemp("deployment"),
        checkpoints["sd"],
        gallery={"private": True},
        server={"public": True},
        safety={"policy": "off"},
        visitors={"jobs": JOBS, "steps": 1000, "pictures_per_minute": 1000},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DARKROOM_API_KEYS", ",".join(f"{name}:{key}" for name, key in KEYS.items()))
        with served(path) as one:
            yield one


@pytest.fixture
def both(private: Served) -> Iterator[list[webuiapi.WebUIApi]]:
    clients = [client(private, name) for name in KEYS]
    yield clients
    for one in clients:
        one.session.close()


def test_who_is_not_known_is_told_so_as_a1111_does(private: Served) -> None:
    for auth in (None, ("anna", "wrong" * 9)):
        answer = httpx.get(f"{private.url}/sdapi/v1/options", auth=auth, timeout=PATIENCE)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert set(answer.json()) == {"error", "detail", "body", "errors"}


def test_a_choice_is_that_of_its_client_alone(both: list[webuiapi.WebUIApi], private: Served) -> None:
    anna, bert = both
    anna.set_options({"sd_model_checkpoint": "plain"})
    assert (anna.util_get_current_model(), bert.util_get_current_model()) == ("plain", "tiny")
    assert private.engine.preloading() == ()  # else anybody could keep the device busy
    made = [one.txt2img(prompt="a", width=64, height=64, steps=1).info["sd_model_name"] for one in both]
    assert made == ["plain", "tiny"]


def test_nobody_sees_or_ends_anothers_job(both: list[webuiapi.WebUIApi], private: Served) -> None:
    anna, bert = both
    wanted = {"sd_model_checkpoint": "tiny"}
    asking = Asking(anna, override_settings=wanted, **LONG)
    until(lambda: anna.get_progress()["current_image"])
    assert bert.get_progress()["state"]["job_count"] == 0
    assert bert.get_progress()["current_image"] is None
    task = anna.get_progress()["current_task"]
    seen = bert.session.post(f"{private.url}/internal/progress", json={"id_task": task}).json()
    assert (seen["active"], seen["queued"], seen["completed"], seen["live_preview"]) == (False, False, False, None)
    assert bert.session.get(f"{bert.baseurl}/progress", params={"id_task": task}).json()["progress"] == 0
    bert.interrupt()
    bert.skip()
    short = Asking(bert, override_settings=wanted, **SMALL)
    until(lambda: len(private.engine.jobs()) == 2)
    assert bert.get_progress()["textinfo"] == "In queue: 1 ahead"
    assert anna.interrupt() == {}
    asking.join(60)
    short.join(60)
    assert (len(asking.result.images), len(short.result.images)) == (0, 1)


def test_a_share_that_is_used_up_is_told_with_when_to_ask_again(both: list[webuiapi.WebUIApi], private: Served) -> None:
    anna, bert = both
    wanted = {"sd_model_checkpoint": "tiny"}
    asking = [Asking(anna, override_settings=wanted, **LONG) for _ in range(JOBS)]
    until(lambda: len(private.engine.jobs()) == JOBS)
    refused = anna.session.post(f"{anna.baseurl}/txt2img", json={"prompt": "a"})
    assert refused.status_code == 429
    assert set(refused.json()) == {"error", "detail", "body", "errors"}
    assert int(refused.headers["retry-after"]) > 0
    anna.interrupt()
    for one in asking:
        one.join(60)
    assert len(bert.txt2img(prompt="a", override_settings=wanted, **SMALL).images) == 1


def test_what_is_the_operators_is_harmless(both: list[webuiapi.WebUIApi], private: Served) -> None:
    anna, _ = both
    before = private.engine.states()
    for path in ("unload-checkpoint", "reload-checkpoint"):
        assert anna.session.post(f"{anna.baseurl}/{path}").json() == {}
    assert anna.get_memory()["ram"] == {"error": "not told to visitors"}
    assert private.engine.preloading() == ()
    assert private.engine.states() == before


def test_a_server_that_ends_says_that_it_will_be_back(both: list[webuiapi.WebUIApi], private: Served) -> None:
    """The last test here: afterwards no job is taken."""
    anna, bert = both
    asking = Asking(anna, override_settings={"sd_model_checkpoint": "tiny"}, **LONG)
    until(lambda: anna.get_progress()["state"]["sampling_step"])
    private.engine.close()
    asking.join(60)
    assert isinstance(asking.result, RuntimeError)
    assert asking.result.args[0] == 503
    assert "was stopped" in asking.result.args[1]
    refused = bert.session.post(f"{bert.baseurl}/txt2img", json={"prompt": "a"})
    assert refused.status_code == 503
    assert "being shut down" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 0
