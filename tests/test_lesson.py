"""What --teacher and --data come to."""

from pathlib import Path

import pytest
import torch

from errors import ConfigError
from tests import picture_sets as sets
from tests.tiny import Checkpoints
from training.data.sources import Columns
from training.judge import WEIGHTS
from training.lesson import Data, prepare
from training.setup import Setup

CPU = Setup(device="cpu")


def test_pictures_of_ones_own(checkpoints: Checkpoints, tmp_path: Path) -> None:
    data = Data(str(sets.shards(tmp_path / "set")), Columns(), "train", 64, base=tmp_path)
    lesson = prepare(str(checkpoints["ssd"]), data, tmp_path / "work", CPU, least=4)
    assert lesson.captions == tuple(text for _, text in sets.captions(4))
    assert lesson.stored.latents.shape == (4, 4, 8, 8)
    assert (tmp_path / "work" / "encoded" / "stored.json").is_file()
    with pytest.raises(ConfigError, match="holds 4 pictures, and a batch is 5"):
        prepare(str(checkpoints["ssd"]), data, tmp_path / "other", CPU, least=5)


def test_pictures_that_base_has_stored(tmp_path: Path) -> None:
    torch.save({"latents": torch.ones(2, 8, 16, 16).half()}, tmp_path / "pictures-00.pt")
    texts = {"texts": torch.zeros(2, 3, 77, 128).half(), "empty": torch.zeros(77, 128).half()}
    torch.save(texts, tmp_path / "captions-00.pt")
    lesson = prepare("mini-sd", Data("", Columns(), "train", 0, base=tmp_path), tmp_path / "work", CPU)
    assert lesson.teacher.folder == WEIGHTS / "mini-sd"
    assert lesson.stored.texts.shape == (2, 3, 77, 128)
    assert not (tmp_path / "work").exists()
    with pytest.raises(ConfigError, match=r"holds 0 files of pictures .* Or name pictures with --data"):
        prepare("mini-sd", Data("", Columns(), "train", 0, base=tmp_path / "none"), tmp_path / "work", CPU)
