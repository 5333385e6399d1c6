"""What --teacher and --data come to."""

from pathlib import Path

import pytest
import torch

from errors import ConfigError
from tests import picture_sets as sets
from tests.tiny import Checkpoints
from training.judge import WEIGHTS
from training.lesson import Material, prepare, teacher_of
from training.loop.setup import Setup

CPU = Setup(device="cpu")


def test_pictures_of_ones_own(checkpoints: Checkpoints, tmp_path: Path) -> None:
    material = Material(teacher=str(checkpoints["ssd"]), data=str(sets.shards(tmp_path / "set")), size=64)
    teacher = teacher_of(material, CPU, 1)
    lesson = prepare(teacher, material, tmp_path / "work", CPU, least=4)
    assert lesson.captions == tuple(text for _, text in sets.captions(4))
    assert lesson.stored.latents.shape == (4, 4, 8, 8)
    assert (tmp_path / "work" / "encoded" / "stored.json").is_file()
    with pytest.raises(ConfigError, match="holds 4 pictures, and a batch is 5"):
        prepare(teacher, material, tmp_path / "other", CPU, least=5)


def test_pictures_that_base_has_stored(tmp_path: Path) -> None:
    torch.save({"latents": torch.ones(2, 8, 16, 16).half()}, tmp_path / "pictures-00.pt")
    texts = {"texts": torch.zeros(2, 3, 77, 128).half(), "empty": torch.zeros(77, 128).half()}
    torch.save(texts, tmp_path / "captions-00.pt")
    material = Material(pictures=tmp_path)
    teacher = teacher_of(material, CPU, 1)
    lesson = prepare(teacher, material, tmp_path / "work", CPU)
    assert Path(lesson.teacher.spec.repo) == WEIGHTS / "mini-sd"
    assert lesson.stored.texts.shape == (2, 3, 77, 128)
    assert not (tmp_path / "work").exists()
    torch.save({**texts, "texts": torch.zeros(2, 3, 77, 64).half()}, tmp_path / "captions-00.pt")
    with pytest.raises(ConfigError, match=r"text states of 64 and pooled ones of 0; mini-sd takes .* of 128 .* --data"):
        prepare(teacher, material, tmp_path / "work", CPU)
    with pytest.raises(ConfigError, match=r"holds 0 files of pictures .* Or name pictures with --data"):
        prepare(teacher, Material(pictures=tmp_path / "none"), tmp_path / "work", CPU)
