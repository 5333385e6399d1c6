"""A further model is one entry of config.yaml: menu, list, limits and pictures follow from it."""

import json
from pathlib import Path
from textwrap import indent

import pytest
import yaml
from PIL import Image

import app
from config import load
from errors import InvalidRequest
from generation.engine import Engine
from models.registry import registry
from studio import Studio
from tests.deployments import OURS, entry
from tests.tiny import Checkpoints
from ui.layout import build

Captured = pytest.CaptureFixture[str]
STEPS = {"low": 2, "high": 9, "default": 3}


@pytest.fixture(params=[("ssd", "ssd-1b"), ("decidiffusion", "decidiffusion-v1-0")], ids=lambda it: it[0])
def path(request: pytest.FixtureRequest, tmp_path: Path, checkpoints: Checkpoints) -> Path:
    """Our own config.yaml with one entry more at its end."""
    checkpoint, like = request.param
    more = yaml.safe_dump([entry("one-more", checkpoints[checkpoint], like, steps=STEPS, variant=None)])
    path = tmp_path / "config.yaml"
    path.write_text(OURS.read_text(encoding="utf-8") + indent(more, "  "), encoding="utf-8")
    return path


def test_it_is_on_the_menu_and_in_the_limits(path: Path) -> None:
    deployment = load(path)
    engine = Engine(registry(deployment.models), default_model=deployment.default_model, device="cpu")
    assert list(engine.models)[-1] == "one-more"
    assert 'value="one-more"' in str(build(Studio(engine)).get_config_file())
    assert engine.request({"prompt": "a", "model": "one-more"}).steps == 3
    with pytest.raises(InvalidRequest, match=r"Steps is 10\. Accepted are 2 to 9; 3 is the default"):
        engine.request({"prompt": "a", "model": "one-more", "steps": 10})


def test_it_is_in_the_list(path: Path, capsys: Captured) -> None:
    assert app.main(["models", "--json", "--config", str(path)]) == 0
    listed = json.loads(capsys.readouterr().out)[-1]
    assert (listed["name"], listed["state"], listed["steps"]) == ("one-more", "on disk", STEPS)


def test_it_makes_pictures(path: Path, tmp_path: Path, capsys: Captured) -> None:
    out = ["--out", str(tmp_path / "cat.png"), "--config", str(path), "--device", "cpu"]
    assert app.main(["generate", "a cat", "--model", "one-more", "--seed", "3", *out]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'cat.png'}\n"
    with Image.open(tmp_path / "cat.png") as picture:
        assert picture.size == (64, 64)
        assert "Steps: 3" in picture.info["parameters"]
