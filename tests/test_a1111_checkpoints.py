"""What A1111's clients call a model."""

import pytest

import config
from api.a1111.checkpoints import named
from errors import InvalidRequest
from models.registry import registry
from tests.published import CONFIG

MODELS = registry(config.load(CONFIG).models)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_found_by_name_title_and_repo(name: str) -> None:
    spec = MODELS[name]
    assert named(name, MODELS) == named(name.upper(), MODELS) == named(spec.title, MODELS) == name
    assert named(f"{name}.safetensors [60987f37e9]", MODELS) == name
    if not spec.local:
        assert named(spec.repo, MODELS) == named(spec.repo.rpartition("/")[2], MODELS) == name


@pytest.mark.parametrize(
    ("part", "name"), [("ssd", "ssd-1b"), ("sdxl", "sdxl-base-1.0"), ("v1.4", "stable-diffusion-v1-4")]
)
def test_a_part_that_only_one_has_is_enough(part: str, name: str) -> None:
    assert named(part, MODELS) == name


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("mini", "could be several. Choose one of: mini-sd, mini-bk-sdm"),
        ("dreamshaper_8.safetensors [879db523c3]", "not on offer"),
        (str(CONFIG.parent / "models/weights/mini-sd"), "not on offer"),
        ("[60987f37e9]", "not on offer"),
    ],
)
def test_what_is_meant_is_not_guessed(asked: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why.replace(".", r"\.")):
        named(asked, MODELS)
