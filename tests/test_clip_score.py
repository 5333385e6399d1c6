"""CLIP's scores: a real CLIP of a few numbers, from a real hub, on pictures that a real engine made."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

import app
import config
from comparison.clip_scores import ClipScores, Scored
from comparison.plan import Plan
from comparison.record import RunRecord, State
from comparison.runs import Runs
from errors import Cancelled, ModelUnavailable
from generation.engine import Engine
from judging.clip_score import Scorer, prepared
from judging.settings import CLIP_FILES, Clip
from models.progress import Downloading
from models.registry import registry
from studio import Studio
from tests import published
from tests.asking import asking
from tests.hub import Fault, Hub
from tests.serving import two_models
from tests.tiny import Checkpoints
from tests.tiny_parts import clip, write_tokenizer
from ui.compare.handlers import Comparing
from ui.turn import Turn

REPO = "somebody/clip"
PROMPTS = ("a red circle", "a blue square on a white background", "a cat " * 100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLIP as it is published, with more files than are needed."""
    path = tmp_path_factory.mktemp("clip")
    clip(seed=3).save(path, {"": torch.float32})
    write_tokenizer(path)
    (path / "pytorch_model.bin").write_bytes(b"never to be opened")
    return path


def picture(number: int, width: int = 48, height: int = 40) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def test_a_score_is_the_cosine_of_both_embeddings(folder: Path) -> None:
    pictures = [picture(number) for number in range(3)]
    scores = Scorer(folder).score(PROMPTS, pictures)
    model, tokenizer = CLIPModel.from_pretrained(folder), CLIPTokenizer.from_pretrained(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    tokens = tokenizer(list(PROMPTS), padding=True, truncation=True, max_length=77, return_tensors="pt")
    seen = processor(pictures, return_tensors="pt").pixel_values
    with torch.no_grad():
        found = model(**tokens, pixel_values=seen)
    expected = (found.logits_per_image / model.logit_scale.exp()).diagonal()
    assert [score.cosine for score in scores] == pytest.approx(expected.tolist(), abs=1e-5)
    assert len({score.cosine for score in scores}) == 3


@pytest.mark.parametrize(("width", "height"), [(48, 40), (40, 48), (32, 32), (20, 90), (129, 33)])
def test_pictures_are_prepared_as_clip_has_them(width: int, height: int) -> None:
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    expected = processor(picture(1, width, height), return_tensors="np").pixel_values[0]
    assert prepared(picture(1, width, height), 32) == pytest.approx(expected, abs=1e-4)


def test_a_score_does_not_depend_on_its_neighbours(folder: Path) -> None:
    scorer = Scorer(folder)
    together = scorer.score(PROMPTS, [picture(number) for number in range(3)])
    alone = [scorer.score([prompt], [picture(number)])[0] for number, prompt in enumerate(PROMPTS)]
    assert [score.cosine for score in together] == pytest.approx([score.cosine for score in alone], abs=1e-6)


def test_a_file_that_lacks_a_part_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "clip")
    tensors = load_file(folder / "model.safetensors")
    del tensors["visual_projection.weight"]
    save_file(tensors, tmp_path / "clip" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"delete that folder \(it lacks visual_projection\.weight"):
        Scorer(tmp_path / "clip")


@pytest.mark.parametrize("name", CLIP_FILES[:2])
def test_a_damaged_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(folder, tmp_path / "clip")
    (tmp_path / "clip" / name).write_bytes(b"rubbish")
    with pytest.raises(ModelUnavailable, match="CLIP model"):
        Scorer(tmp_path / "clip")


# On a comparison


@pytest.fixture
def served(hub: Hub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clip:
    """That CLIP on the hub."""
    published.use(hub, tmp_path / "cache", monkeypatch)
    repo = hub.add(REPO, folder)
    return Clip(repo=REPO, revision=repo.commit, download_bytes=12345)


@pytest.fixture
def engine(checkpoints: Checkpoints, tmp_path: Path) -> Iterator[Engine]:
    models = registry(config.load(two_models(tmp_path, checkpoints["sd"])).models)
    made = Engine(models, default_model="tiny", device="cpu")
    made.start()
    yield made
    made.close()


@pytest.fixture
def runs(engine: Engine, tmp_path: Path, served: Clip) -> Iterator[Runs]:
    made = Runs(engine, tmp_path / "comparisons", served)
    yield made
    made.close()


@pytest.fixture
def run(runs: Runs) -> RunRecord:
    """Two pictures, of which the judge understands the second."""
    plan = Plan(prompts=("a cat", "a red ring"), models=("tiny",), seeds=(1,), steps=(1,), width=128, height=128)
    id, seen = runs.start(plan), 0
    while any(cell.state in (State.WAITING, State.RUNNING) for cell in runs.record(id).cells):
        seen = runs.changed(id, seen, 5.0)
    return runs.record(id)


def test_the_judge_scores_at_once_what_it_can(run: RunRecord) -> None:
    cat, ring = (cell.quality for cell in run.cells)
    assert cat == {}
    assert 0 <= ring["judge"] <= 1


def test_a_comparison_is_scored_where_somebody_asks(hub: Hub, runs: Runs, run: RunRecord) -> None:
    scores = runs.clip
    assert scores is not None
    assert scores.missing_bytes == 12345
    assert all("clip" not in cell.quality for cell in run.cells)
    task = scores.start(run.id)
    assert scores.task(run.id) is task
    events = list(task.events())
    assert task.result() == 2
    assert isinstance(events[0], Downloading | Scored)
    assert events[-1] == Scored(2, 2)
    found = [cell.quality["clip"] for cell in runs.record(run.id).cells]
    assert len(set(found)) == 2
    assert all(-1 <= cosine <= 1 for cosine in found)
    assert set(hub.downloaded()) == set(CLIP_FILES)
    assert scores.missing_bytes == 0


def test_what_has_a_score_is_not_scored_again(
    hub: Hub, served: Clip, engine: Engine, runs: Runs, run: RunRecord
) -> None:
    scores = ClipScores(runs, engine, served)
    scores.start(run.id).result()
    hub.requests.clear()
    assert scores.start(run.id).result() == 0
    assert not hub.requests


def test_jobs_go_on_while_clip_is_fetched_and_a_cancel_keeps_what_came(
    hub: Hub, served: Clip, engine: Engine, runs: Runs, run: RunRecord
) -> None:
    hub.faults.append(Fault("*model.safetensors", method="GET", bytes_per_second=2000))
    scores = ClipScores(runs, engine, served)
    task = scores.start(run.id)
    assert scores.start(run.id) is task
    events = iter(task.events())
    next(event for event in events if event.file == "model.safetensors" and event.done_bytes)
    asked: dict[str, Any] = {"prompt": "a cat", "model": "tiny", "steps": 1, "width": 64, "height": 64, "seed": 1}
    assert engine.submit(engine.request(asked)).result().pictures
    assert not task.done
    task.cancel()
    with pytest.raises(Cancelled):
        task.result()
    hub.faults.clear()
    assert scores.start(run.id).result() == 2


def test_a_clip_that_cannot_be_had_is_told(hub: Hub, served: Clip, engine: Engine, runs: Runs, run: RunRecord) -> None:
    nowhere = served.model_copy(update={"repo": "nobody/nothing"})
    runs.clip = ClipScores(runs, engine, nowhere)
    assert runs.clip.trouble(run.id) is None
    with pytest.raises(ModelUnavailable, match="nobody/nothing"):
        runs.clip.start(run.id).result()
    assert all("clip" not in cell.quality for cell in runs.record(run.id).cells)
    (look,) = Comparing(Studio(engine, runs=runs), runs).watch(run.id, "", Turn(), asking())
    assert "nobody/nothing" in look.compare_status
    assert 'data-act="clip"' in look.compare_bar


def test_the_deployment_pins_a_clip_of_its_own_or_none(tmp_path: Path) -> None:
    assert config.load(Path(config.__file__).with_name("config.yaml")).comparison.clip is not None
    with pytest.raises(ValueError, match="a hub repo needs a commit hash"):
        Clip(repo=REPO, revision="main")


def test_the_command_scores_what_it_made_and_says_what_models_are_worth(
    folder: Path, checkpoints: Checkpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = str(two_models(tmp_path, checkpoints["sd"], comparison={"clip": {"repo": str(folder)}}))
    asked = ["--prompt", "a cat", "--prompt", "a dog", "--seed", "1", "--steps", "1", "--size", "64x64", "--clip"]
    out = tmp_path / "out"
    assert app.main(["compare", *asked, "--models", "tiny,plain", "--out", str(out), "--config", two]) == 0
    said = capsys.readouterr().out
    cells = RunRecord.model_validate_json((out / "run.json").read_bytes()).cells
    scores = [cell.quality["clip"] for cell in cells if cell.model == "tiny"]
    assert len(cells) == 4
    assert f"{sum(scores) / 2:.3f} ± " in said
    assert re.search(r"plain +2 of 2 .*\(process\) .*(faster|slower|as fast)", said)
    assert app.main(["compare", "--out", str(out), "--config", two]) == 0


def test_without_a_clip_in_the_configuration_there_is_none_to_ask_for(
    checkpoints: Checkpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = str(two_models(tmp_path, checkpoints["sd"]))
    asked = ["compare", "--prompt", "a cat", "--clip", "--out", str(tmp_path / "out"), "--config", two]
    assert app.main(asked) == 2
    assert "There is no `comparison.clip`" in capsys.readouterr().err


def test_where_clip_cannot_be_had_the_pictures_are_made_nevertheless(
    checkpoints: Checkpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = str(two_models(tmp_path, checkpoints["sd"], comparison={"clip": {"repo": "./nowhere"}}))
    asked = ["--prompt", "a cat", "--models", "tiny", "--steps", "1", "--size", "64x64", "--clip", "--config", two]
    assert app.main(["compare", *asked, "--out", str(tmp_path / "out")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert {"0000.png", "recipe.json", "run.json"} <= {path.name for path in (tmp_path / "out").iterdir()}
