"""Pictures are examined before anybody sees them, whichever model made them, and nobody is shown what is flagged."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from errors import ModelUnavailable, RefusedPrompt
from gallery.gallery import Gallery
from gallery.keeper import Keeper
from gallery.search import Search
from generation import infotext
from generation.engine import Engine
from generation.events import Event, Finished, Frame, Step
from generation.job import Job
from generation.veil import Veil
from models import hub as client
from models.device import Device, choose
from models.progress import Downloading
from models.registry import registry
from models.spec import ModelSpec
from safety import checker, gate
from safety.checker import SafetyChecker
from safety.settings import Checker, Policy, Safeguard, note
from safety.veil import SIDE, veiled
from tests import checkers, published
from tests.hub import Hub
from tests.tiny import REPOS, Checkpoints

CPU = Device("cpu", "CPU", "float32", "a test", 1 << 40)
NAMES = tuple(REPOS)  # a model of every family
Make = Callable[..., Engine]


@pytest.fixture(scope="module")
def flagging(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """It flags everything."""
    return checkers.built(tmp_path_factory.mktemp("flagging"), checkers.ALL)


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """It flags nothing."""
    return checkers.built(tmp_path_factory.mktemp("passing"), checkers.NONE)


@pytest.fixture(scope="module")
def specs(checkpoints: Checkpoints) -> list[ModelSpec]:
    """One of every repo, and one that needs no examining."""
    tiny = {"parameters": 1000}
    made = [published.from_folder(name, checkpoints[name]).model_copy(update={"name": name, **tiny}) for name in NAMES]
    return [*made, made[1].model_copy(update={"name": "harmless", "harmless": True})]


@pytest.fixture(scope="module")
def make(specs: list[ModelSpec]) -> Iterator[Make]:
    """A running engine by that policy, with that checker. No two may be at work at a time: torch has global state."""

    @cache
    def engine(policy: Policy, checker: Checker | None) -> Engine:
        safeguard = Safeguard(policy, public=True, checker=checker)
        made.append(Engine(registry(specs), default_model="bk", device="cpu", safeguard=safeguard))
        made[-1].start()
        return made[-1]

    made: list[Engine] = []
    yield engine
    for one in made:
        one.close()


def submit(engine: Engine, model: str = "bk", **changes: Any) -> Job:
    side = 64
    asked = {"prompt": "a cat", "model": model, "steps": 3, "width": side, "height": side, "seed": 1, **changes}
    return engine.submit(engine.request(asked))


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def over(job: Job) -> Job:
    job.result()
    return job


def told(job: Job) -> list[Event]:
    heard: list[Event] = []
    job.follow(lambda _, event: heard.append(event))
    job.result()
    return heard


def far(one: bytes, other: bytes) -> float:
    """Levels of 255 by which two pictures differ, on average."""
    pixels = [np.asarray(Image.open(BytesIO(it)).convert("RGB").resize((SIDE, SIDE)), float) for it in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


@pytest.mark.parametrize("model", NAMES)
@pytest.mark.parametrize(("policy", "kind"), [("block", "blocked"), ("blur", "blurred")])
def test_what_is_flagged_is_withheld(make: Make, flagging: Checker, model: str, policy: Policy, kind: str) -> None:
    finished = submit(make(policy, flagging), model).result()
    (picture,) = finished.pictures
    assert picture.withheld == kind
    assert finished.notes == (note(picture.withheld),)
    assert f"A picture was {kind}" in finished.notes[0]
    assert infotext.parts(infotext.inside(picture.png) or "").pairs["Withheld"] == kind
    assert (picture.width, picture.height) == opened(picture.png).size == (64, 64)
    made = submit(make("off", None), model).result().pictures[0]
    assert made.withheld is None
    assert far(picture.png, made.png) > 10
    assert 20 < np.asarray(opened(picture.png)).mean() < 235  # neither black nor white


@pytest.mark.parametrize("model", NAMES)
def test_what_passes_is_the_very_picture(make: Make, passing: Checker, model: str) -> None:
    finished = submit(make("block", passing), model).result()
    assert (finished.notes, finished.pictures[0].withheld) == ((), None)
    assert finished.pictures[0].png == submit(make("off", None), model).result().pictures[0].png


def test_each_of_several_is_looked_at(make: Make, tmp_path: Path, specs: list[ModelSpec]) -> None:
    """With a threshold between what two pictures come to."""
    pictures = [opened(it.png) for it in submit(make("off", None), count=2).result().pictures]
    low, high = -1.0, 1.0
    for attempt in range(30):
        middle = (low + high) / 2
        flags = _flags(checkers.built(tmp_path / str(attempt), middle), pictures)
        if flags[0] != flags[1]:
            break
        low, high = (middle, high) if flags[0] else (low, middle)
    else:
        raise AssertionError("both pictures are alike")
    finished = submit(make("block", checkers.built(tmp_path / "between", middle)), count=2).result()
    assert [picture.withheld == "blocked" for picture in finished.pictures] == flags


def _flags(checker: Checker, pictures: list[Image.Image]) -> list[bool]:
    one = SafetyChecker(checker, CPU, lambda event: None)
    return [one.flags(picture) for picture in pictures]


def test_where_a_gpu_has_no_room_the_cpu_looks(flagging: Checker, passing: Checker, monkeypatch: Any) -> None:
    """In the GPU's precision."""
    monkeypatch.setattr(checker, "free_bytes", lambda device: 0)
    full = Device("cuda", "a full GPU", "float16", "a test", 1 << 30)
    for one, expected in ((flagging, True), (passing, False)):
        looking = SafetyChecker(one, full, lambda event: None)
        assert looking.flags(Image.new("RGB", (64, 48), "teal")) is expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_looks_and_is_free_again(flagging: Checker, passing: Checker) -> None:
    picture, seen = Image.new("RGB", (64, 48), "teal"), []
    for one, expected in ((passing, False), (flagging, True)):
        assert SafetyChecker(one, choose("cuda"), lambda event: None).flags(picture) is expected
        seen.append(torch.cuda.memory_allocated())  # what cuBLAS keeps from its first call on
    assert seen[0] == seen[1]


def test_a_model_that_can_draw_nothing_bad_is_not_examined(make: Make, flagging: Checker) -> None:
    assert submit(make("block", flagging), "harmless").result().pictures[0].withheld is None


def test_frames_are_beyond_recognition_until_the_picture_has_passed(make: Make, passing: Checker) -> None:
    seen, job = over(submit(make("off", None))), submit(make("block", passing))
    live = [event.frame for event in told(job) if isinstance(event, Step) and event.frame]
    assert job.frames() == seen.frames()  # now that it may be seen, all of the strip is there as it is
    assert live
    assert set(live) <= hidden(seen.frames())


@pytest.mark.parametrize("policy", ["block", "blur"])
def test_frames_of_what_is_withheld_stay_hidden(make: Make, flagging: Checker, policy: Policy) -> None:
    seen, job = over(submit(make("off", None), count=2)), over(submit(make(policy, flagging), count=2))
    assert len(job.frames()) == 6
    assert set(job.frames()) == hidden(seen.frames())


def hidden(frames: Sequence[Frame]) -> set[Frame]:
    veil = Veil()
    return {veil.over(frame) for frame in frames}


def test_a_veiled_picture_has_nothing_finer_than_patches() -> None:
    lines = Image.fromarray(np.indices((480, 640)).sum(0).astype(np.uint8) // 16 % 2 * 255).convert("RGB")
    assert np.asarray(lines).std() > 120
    assert veiled(lines).size == (SIDE, SIDE * 3 // 4)
    assert np.asarray(veiled(lines)).std() < 12


def test_the_gallery_keeps_nothing_that_is_withheld(make: Make, flagging: Checker, gallery: Gallery) -> None:
    engine, keeper = make("block", flagging), Keeper(gallery)
    engine.listen(keeper.hear)
    keeper.start()
    for model in ("bk", "harmless"):
        job = submit(engine, model)
        job.result()
        assert keeper.settled(job.id, 10)
    keeper.close()
    assert [entry.model for entry in gallery.page(Search(), None, 9)] == ["harmless"]


def test_without_a_checker_there_are_no_pictures_but_harmless_ones(make: Make, monkeypatch: Any) -> None:
    engine = make("block", None)
    with pytest.raises(ModelUnavailable, match=r"only after a safety check, .* names no safety.checker"):
        submit(engine).result()
    assert isinstance(submit(engine, "harmless").result(), Finished)


def test_a_folder_without_one_is_told(make: Make, tmp_path: Path, flagging: Checker) -> None:
    with pytest.raises(ModelUnavailable, match="there is no folder"):
        submit(make("block", Checker(repo=str(tmp_path / "nowhere")))).result()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match=r"has no feature_extractor/preprocessor_config.json"):
        submit(make("block", Checker(repo=str(tmp_path / "empty")))).result()


@pytest.fixture
def checker_on_hub(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoints: Checkpoints) -> Checker:
    published.use(hub, tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.0)
    commit = token_hex(20)  # an engine of its own for each test
    hub.add("someone/sd", checkpoints["sd"], commit=commit)
    return Checker(repo="someone/sd", revision=commit, variant="fp16")


def test_the_checker_comes_from_the_hub_once_and_alone(make: Make, hub: Hub, checker_on_hub: Checker) -> None:
    engine = make("block", checker_on_hub)
    assert any(isinstance(event, Downloading) and event.model == "Safety checker" for event in told(submit(engine)))
    assert set(hub.downloaded()) == set(checker_on_hub.files)
    hub.requests.clear()
    assert submit(engine).result().pictures[0].withheld is None
    assert not hub.requests


def test_a_hub_without_it_closes_the_door_until_it_is_there(
    make: Make, hub: Hub, checker_on_hub: Checker, checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ssd` has none, as SDXL's kind all have none."""
    hub.add("someone/sd", checkpoints["ssd"], commit=checker_on_hub.revision)
    engine = make("block", checker_on_hub)
    with pytest.raises(ModelUnavailable, match=r"only after a safety check, .* has no feature_extractor"):
        submit(engine).result()
    hub.requests.clear()
    with pytest.raises(ModelUnavailable, match="choose a model that needs no check"):
        submit(engine).result()
    assert not hub.requests  # it is not asked again at once
    assert submit(engine, "harmless").result().pictures
    monkeypatch.setattr(gate, "RETRY_SECONDS", 0.0)
    hub.add("someone/sd", checkpoints["sd"], commit=checker_on_hub.revision)
    assert submit(engine).result().pictures[0].withheld is None


def test_a_damaged_checker_closes_the_door(make: Make, tmp_path: Path) -> None:
    checker = checkers.built(tmp_path, checkers.NONE)
    weights = tmp_path / "safety_checker" / "model.fp16.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelUnavailable, match="is damaged"):
        submit(make("block", checker)).result()


def test_no_request_says_what_is_examined() -> None:
    from generation.request import GenerationRequest

    assert not {field for field in GenerationRequest.model_fields if "safe" in field or "nsfw" in field}


def test_a_refused_prompt_is_no_job(make: Make, passing: Checker) -> None:
    engine = make("block", passing)
    with pytest.raises(RefusedPrompt, match="sexual content together with children"):
        submit(engine, prompt="n u d e  c h i l d")
    assert engine.jobs() == ()
