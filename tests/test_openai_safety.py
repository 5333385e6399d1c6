"""The images API where the safety policy refuses a prompt, or withholds what was made."""

import asyncio
from collections.abc import Iterator

import openai
import pytest

from api.openai.asked import Asked
from api.openai.making import Making
from api.openai.streaming import told
from generation.caller import Caller
from generation.events import Developed, Finished, Picture, Timings
from generation.job import Job
from safety.settings import Kind
from tests import checkers, pictures
from tests.openai_server import images, many_models
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE


@pytest.fixture(scope="module", params=["block", "blur"])
def there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints
) -> Iterator[Served]:
    checker = checkers.built(tmp_path_factory.mktemp("flagging"), checkers.ALL)
    safety = {"policy": request.param, "checker": checker.model_dump()}
    with served(many_models(tmp_path_factory.mktemp("deployment"), checkpoints, safety=safety)) as one:
        yield one


@pytest.fixture(scope="module")
def client(there: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{there.url}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as one:
        yield one


def test_a_prompt_that_is_refused_is_said_so(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="This prompt is refused") as caught:
        client.images.generate(prompt="a naked child")
    assert (caught.value.code, caught.value.param) == ("content_policy_violation", "prompt")


def test_what_is_flagged_is_never_sent(client: openai.OpenAI, there: Served) -> None:
    if there.engine.safeguard.policy == "block":
        with pytest.raises(openai.BadRequestError, match="flagged") as caught:
            client.images.generate(prompt="a tree", n=2, extra_body={"moderation": "low"})
        assert caught.value.code == "moderation_blocked"
        with pytest.raises(openai.APIError, match="flagged") as streamed:
            list(client.images.generate(prompt="a tree", stream=True))
        assert streamed.value.code == "moderation_blocked"
    else:
        (image,) = images(client.images.generate(prompt="a tree"))
        (event,) = client.images.generate(prompt="a tree", stream=True)
        assert image.withheld == event.withheld == "blurred"  # type: ignore[attr-defined, union-attr]


def test_one_among_others_has_a_stand_in(client: openai.OpenAI, there: Served) -> None:
    """In a stream they come last: only then is it known that not all were withheld."""
    kinds: list[Kind | None] = ["blocked", None, "blocked"]
    request = there.engine.request({"prompt": "a tree", "seed": 5, "count": 3})
    job = Job(request, "off", lambda job: None)
    made = [Picture(n, 5 + n, 64, 64, pictures.png(seed=5 + n), "", kind) for n, kind in enumerate(kinds)]
    for picture in made:
        job.tell(Developed(picture))
    job.tell(Finished(request, tuple(made), Timings(), 0, "CPU", notes=("One was blocked.",)))

    async def heard() -> list[str]:
        return [event.decode() async for event in told(Making(Asked(prompt="a tree"), job, Caller()))]

    events = asyncio.run(heard())
    assert ['"withheld":"blocked"' in event for event in events] == [False, True, True]
    assert [f'"seed":{seed},' in event for seed, event in zip((6, 5, 7), events, strict=True)] == [True] * 3
