"""This repository, pushed as a Hugging Face Space."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from gradio_client import Client
from packaging.requirements import Requirement
from packaging.version import Version
from PIL import Image

from config import load
from tests.dockerfile import ROOT, pushed
from tests.elsewhere import copied, free_port, locked, running

MATTER = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1]
SPACE: dict[str, Any] = yaml.safe_load(MATTER)
# https://huggingface.co/docs/hub/spaces-config-reference
KEYS = re.compile(
    "title|emoji|colorFrom|colorTo|sdk|sdk_version|python_version|app_file|app_port|base_path|suggested_hardware|"
    "fullWidth|header|short_description|models|datasets|tags|thumbnail|pinned|license|disable_embedding|preload_from_hub|"
    "startup_duration_timeout|custom_headers|hf_oauth(_scopes|_expiration_minutes|_authorized_org)?"
)
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
ZEROGPU_PYTHON = {"3.10", "3.12"}  # https://huggingface.co/docs/hub/spaces-zerogpu
ZEROGPU_TORCH = ["2.8.0", "2.9.1", "2.10.0", "2.11.0"]


def test_the_front_matter_says_what_a_space_knows() -> None:
    assert [key for key in SPACE if not KEYS.fullmatch(key)] == []
    assert (SPACE["sdk"], SPACE["app_file"], SPACE["license"]) == ("gradio", "app.py", "apache-2.0")
    assert {SPACE["colorFrom"], SPACE["colorTo"]} <= COLOURS
    assert len(SPACE["short_description"]) <= 60
    assert SPACE["header"] in ("mini", "default")
    assert re.fullmatch(r"\d+(m|h)", SPACE["startup_duration_timeout"])
    assert (ROOT / SPACE["app_file"]).is_file()


def test_the_front_matter_names_the_models_that_come_from_the_hub() -> None:
    assert SPACE["models"] == [spec.repo for spec in load(ROOT / "config.yaml").models if not spec.local]


def test_the_versions_are_those_that_the_requirements_take_and_zerogpu_lists() -> None:
    lines = [line.partition("#")[0] for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()]
    wanted = {it.name: it.specifier for it in map(Requirement, filter(str.strip, lines))}
    assert wanted["gradio"].contains(SPACE["sdk_version"])
    assert SPACE["python_version"] in ZEROGPU_PYTHON  # a string: YAML would read 3.10 as 3.1
    assert [version for version in ZEROGPU_TORCH if wanted["torch"].contains(Version(version))] == ZEROGPU_TORCH


@pytest.mark.skipif(sys.platform != "linux", reason="a Space is a Linux machine")
def test_a_space_makes_pictures_and_says_that_it_can_not_keep_them(tmp_path: Path) -> None:
    """On Linux, with the variables that a Gradio Space sets, in a folder where nothing can be written."""
    folder = locked(copied(pushed(), tmp_path / "app"))
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "HF_HOME": str(tmp_path / "hub"),
        "SYSTEM": "spaces",
        "SPACE_ID": "ada/darkroom",
        "SPACE_HOST": "ada-darkroom.hf.space",
        "SPACE_AUTHOR_NAME": "ada",
        "SPACE_REPO_NAME": "darkroom",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ALLOW_FLAGGING": "never",
        "GRADIO_THEME": "huggingface",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    with running(folder, ["python", SPACE["app_file"]], environ, tmp_path / "log") as url:
        client = Client(url, verbose=False, download_files=str(tmp_path / "got"))
        files, details = client.predict("a red circle", steps=2, seed=7, api_name="/generate")
        with Image.open(files[0]) as picture:
            assert picture.size == (128, 128)
            assert "Seed: 7" in picture.info["parameters"]
        assert any("it may not be written to" in note for note in details["notes"])
    assert not (folder / "outputs").exists()
