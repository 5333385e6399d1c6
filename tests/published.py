"""The published models of config.yaml, with the tiny checkpoints in place of their repositories."""

from pathlib import Path

import pytest
from huggingface_hub import constants

import config
from models.spec import ModelSpec, Range
from tests.hub import Hub
from tests.tiny import REPOS, Checkpoints

CONFIG = Path(__file__).parent.parent / "config.yaml"
BY_REPO = {spec.repo: spec for spec in config.load(CONFIG).models}
SPECS = {name: BY_REPO[repo] for name, repo in REPOS.items()}  # by the names of tests/tiny.py
SPECS["distilled"] = SPECS["sd"].model_copy(
    update={
        "name": "distilled",
        "guidance": "distilled",
        "guidance_scale": Range[float](low=1.0, high=6.0, default=3.0),
        "steps": Range[int](low=1, high=8, default=4),
        "samplers": ("Default", "DDIM", "Euler"),
    }
)


def from_folder(name: str, folder: Path) -> ModelSpec:
    """The model `name` (of KINDS), from a folder."""
    return SPECS[name].model_copy(update={"repo": str(folder), "revision": None})


def on_hub(name: str, hub: Hub, checkpoints: Checkpoints) -> ModelSpec:
    """The model `name` as config.yaml has it, served by the local hub."""
    hub.add(REPOS[name], checkpoints[name], commit=SPECS[name].revision)
    return SPECS[name]


def use(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process's client find its models there, as HF_ENDPOINT and HF_HUB_CACHE do on import."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
