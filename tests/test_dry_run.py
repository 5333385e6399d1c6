"""The dry run's own way, on architectures that are small: what it counts is what running keeps."""

from types import MappingProxyType

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from errors import ConfigError
from models.architectures import CLIP_L, UNET_V1, UNET_XL, VAE, Architecture
from models.device import Device
from training import dry_run
from training.dry_run import count, row, run, told
from training.full_size import BK, CASES, SD, SDXL, Case
from training.memory import counted, imagined, parameters

DEVICE = Device("cpu", "CPU of a test", "bfloat16", "a test", 1 << 40)
SMALL = {"block_out_channels": (16, 16, 32, 32), "cross_attention_dim": 8, "attention_head_dim": 2}
SMALL |= {"norm_num_groups": 4, "sample_size": 8}
SMALL_XL = {**SMALL, "block_out_channels": (8, 16, 16), "attention_head_dim": (1, 2, 2), "addition_time_embed_dim": 4}
SMALL_XL |= {"projection_class_embeddings_input_dim": 32}
SMALL_VAE = {**VAE, "block_out_channels": (8, 8, 16, 16), "norm_num_groups": 4, "sample_size": 64}
UNETS = {
    SD: {**UNET_V1, **SMALL},
    BK: {**UNET_V1, **SMALL, "layers_per_block": 1, "mid_block_type": None},
    SDXL: {**UNET_XL, **SMALL_XL, "transformer_layers_per_block": (1, 1, 1)},
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {repo: Architecture(unet=unet, text_encoder=CLIP_L, vae=SMALL_VAE) for repo, unet in UNETS.items()}
    monkeypatch.setattr(dry_run, "ARCHITECTURES", MappingProxyType(known))


def case(method: str, teacher: str) -> Case:
    return next(it for it in CASES if (it.method, it.teacher) == (method, teacher))


@pytest.mark.parametrize(("method", "teacher"), [("block", SD), ("guidance", SDXL), ("steps", SD), ("decoder", SD)])
def test_a_case_is_counted_and_runs(method: str, teacher: str) -> None:
    found = count(case(method, teacher), batch=2)
    cells = row(found, "counted only")
    assert len(cells) == len(dry_run.HEADER)
    assert found.memory.optimizer == 8 * found.student
    assert found.memory.teacher == (0 if method == "base" else 2 * found.teacher)
    if case(method, teacher).published:
        same, _, all_ = found.matched.split()
        assert same == all_
    ran = run(case(method, teacher), 8, 2, DEVICE)
    assert len(ran.losses) == 2
    assert torch.tensor(ran.losses).isfinite().all()
    assert told(ran).startswith("2 steps of 8² latents on CPU of a test")


def test_there_are_cases_of_every_method() -> None:
    assert list(dry_run.teachers_of_methods()) == ["base", "block", "guidance", "steps", "decoder"]


def test_what_is_kept_by_hand() -> None:
    net, given = nn.Linear(3, 5), torch.randn(2, 3)
    _, kept = counted(lambda: net(given).square().sum(), [net])
    assert kept == 4 * (2 * 3 + 2 * 5)  # the linear layer reads its input again, the square its own


def test_without_values_as_much_is_kept_as_with_them() -> None:
    small = case("base", SD)
    with torch.device("meta"):
        net = dry_run.architecture(SD).network("unet")
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    imagined(net, mode)
    with mode:
        _, imagined_bytes = counted(lambda: small.loss(net, None, 8, 1), [net])
    real = dry_run.architecture(SD).network("unet")
    _, bytes_ = counted(lambda: small.loss(real, None, 8, 1), [real])
    assert imagined_bytes == pytest.approx(bytes_, rel=0.01)
    assert parameters(net) == parameters(real)


def test_the_command_prints_a_row_of_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    dry_run.dry_run(method="decoder", teacher=SD, batch=1, side=8, steps=0, room=8.0, device="cpu")
    said, header, _, cells = [line for line in capsys.readouterr().out.splitlines() if line]
    assert said.startswith(f"torch {torch.__version__}, diffusers ")
    assert header.count("|") == cells.count("|")
    assert "counted only" in cells


def test_a_case_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no dry run of block with Deci/.* There are: base of CompVis/.*; block of"):
        dry_run.chosen("block", "Deci/DeciDiffusion-v1-0")


def test_what_has_no_room_is_counted_only() -> None:
    (cells,) = dry_run.rows([case("decoder", SD)], 1, 8, 2, 0, DEVICE)
    assert cells[-1].startswith("counted only: to run takes ")
