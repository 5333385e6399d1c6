"""The published architectures filled with noise: exact, without a download, refused where they do not fit."""

import socket
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import torch

import errors
from config import load
from generation.engine import Engine
from generation.settings import Preview
from measurement.plan import Plan
from measurement.work import work
from models import random_weights
from models.architectures import ARCHITECTURES, CLIP_L, EULER, UNET_V1, VAE, Architecture
from models.device import Device
from models.registry import registry
from models.residency import Residency
from models.spec import ModelSpec
from tests.published import CONFIG

DEVICE = Device("cpu", "CPU", "float32", "a test", 1 << 40)
SPECS = {spec.name: spec for spec in load(CONFIG).models if spec.repo in ARCHITECTURES}
SMALL = Architecture(
    unet={
        **UNET_V1,
        "block_out_channels": (32, 32, 64, 64),
        "cross_attention_dim": 32,
        "attention_head_dim": 4,
    },
    text_encoder={
        **CLIP_L, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 2,
    },
    vae={**VAE, "block_out_channels": (32, 32, 32, 32)},
    scheduler=EULER,
)  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_the_full_size_is_known_before_anything_is_built(name: str) -> None:
    found = random_weights.checkpoint(SPECS[name], Device("cpu", "CPU", "bfloat16", "a test", 1 << 40), lambda _: None)
    weights = sum(it.bytes for it in found.components)
    assert weights == pytest.approx(2 * SPECS[name].parameters, rel=0.001)  # and some buffers
    named = {it.name for it in found.components}
    second = {"tokenizer_2", "text_encoder_2"} if SPECS[name].family.value == "sdxl" else set()
    assert named == {"unet", "text_encoder", "vae", "tokenizer", "scheduler"} | second


def test_models_that_share_parts_share_them_here_as_well() -> None:
    def keys(name: str) -> dict[str, str]:
        found = random_weights.checkpoint(SPECS[name], DEVICE, lambda _: None)
        return {it.name: it.key for it in found.components}

    one, other = keys("stable-diffusion-v1-4"), keys("bk-sdm-small")
    assert {name for name in one if one[name] == other[name]} == {"text_encoder", "vae", "tokenizer", "scheduler"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """A spec whose architecture is SMALL."""
    spec = SPECS["stable-diffusion-v1-4"].model_copy(update={"parameters": 1000})
    monkeypatch.setattr(random_weights, "ARCHITECTURES", MappingProxyType({spec.repo: SMALL}))
    return spec


def test_noise_keeps_its_numbers_in_range_and_is_the_same_again(small: ModelSpec) -> None:
    net, again = (random_weights.filled(random_weights.shells(SMALL, torch.float32)["unet"], DEVICE) for _ in range(2))
    assert not any(tensor.is_meta for tensor in (*net.parameters(), *net.buffers()))
    with torch.no_grad():
        out = net(torch.randn(1, 4, 8, 8), 500, torch.randn(1, 77, 32)).sample
    assert out.isfinite().all()
    assert out.std() > 0
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_the_layout_is_the_one_that_suits_the_device(small: ModelSpec) -> None:
    half = Device("cpu", "CPU", "bfloat16", "a test", 1 << 40)
    net = random_weights.filled(random_weights.shells(SMALL, torch.bfloat16)["unet"], half)
    assert net.conv_in.weight.dtype is torch.bfloat16
    assert net.conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_a_benchmark_of_noise_needs_no_network_and_says_that_it_is_noise(
    small: ModelSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*_: Any) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refused)
    engine = Engine(registry([small]), default_model=small.name, device="cpu")
    plan = Plan(models=(small.name,), random_weights=True, width=64, height=64, steps=2, rounds=2, batches=(1, 2))
    engine.start()
    try:
        (result,) = engine.borrow(work(plan, engine.models, Preview())).result().models
    finally:
        engine.close()
    assert result.error is None
    assert (result.model, result.weights) == (small.name, "random")
    assert "random" in {note.code for note in result.notes}
    assert result.cold_load is None
    assert result.warm_load is not None
    assert result.picture is not None
    assert [batch.size for batch in result.batches] == [1, 2]


def test_what_does_not_fit_the_device_is_refused_naming_what_does(small: ModelSpec, mini: ModelSpec) -> None:
    residency = Residency(registry([mini]), Device("cpu", "CPU of a test", "float32", "", 1 << 40))
    residency.device = Device("cpu", "CPU of a test", "float32", "", 0)
    with pytest.raises(errors.ModelUnavailable, match="more memory on CPU of a test, where 0 B can be had"):
        residency.acquire(small, lambda _: None, random_weights.checkpoint)


@pytest.fixture
def mini() -> ModelSpec:
    return next(spec for spec in load(CONFIG).models if spec.local)


def test_host_memory_is_looked_at_before_a_gpus(small: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Device("cuda", "GPU of a test", "float16", "", 1 << 40)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(
        errors.ModelUnavailable, match=r"of host memory before they go to the GPU of a test, and 1\.0 kB"
    ):
        random_weights.checkpoint(small, gpu, lambda _: None)


def test_an_architecture_that_nobody_knows_is_refused(mini: ModelSpec) -> None:
    with pytest.raises(errors.ConfigError, match=r"is not known\. Known are: CompVis/stable-diffusion-v1-4"):
        random_weights.checkpoint(mini, DEVICE, lambda _: None)
