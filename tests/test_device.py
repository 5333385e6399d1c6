"""The device and its precision are chosen with a reason."""

import subprocess
import sys

import pytest
import torch

from errors import ConfigError
from models import device as devices
from models.device import SMALL_PARAMETERS, Device, choose, free_bytes

gpu = pytest.mark.gpu
HAS_GPU = torch.cuda.is_available() or torch.backends.mps.is_available()


def test_cpu_says_why() -> None:
    found = choose("cpu")
    assert (found.kind, found.name[:4]) == ("cpu", "CPU ")
    assert found.reason.startswith("device: cpu was asked for; this CPU has ")
    assert found.label == f"{found.name}, {found.dtype}"
    assert found.memory_bytes > 1e8
    assert 0 < free_bytes(found) <= found.memory_bytes


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU here")
def test_without_a_gpu() -> None:
    assert choose("auto").kind == "cpu"
    assert "there is no GPU that this torch can use" in choose("auto").reason
    with pytest.raises(ConfigError, match=r"Device is 'cuda', which this machine does not have. There is: cpu. Set"):
        choose("cuda")


def test_unknown_device() -> None:
    with pytest.raises(ConfigError, match="Device is 'tpu', which does not exist"):
        choose("tpu")


@pytest.mark.parametrize(("instructions", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_cpu_precision_follows_its_instructions(
    monkeypatch: pytest.MonkeyPatch, instructions: bool, dtype: str
) -> None:
    monkeypatch.setattr(devices, "_bfloat16_instructions", lambda: instructions)
    found = choose("cpu")
    assert found.dtype == dtype
    assert found.channels_last is instructions


def test_small_nets_keep_their_precision_on_a_cpu() -> None:
    cpu = Device("cpu", "CPU", "bfloat16", "", 1)
    small = cpu.suited_to(SMALL_PARAMETERS)
    assert (small.dtype, small.channels_last) == ("float32", False)
    assert "no faster in bfloat16" in small.reason
    assert cpu.suited_to(SMALL_PARAMETERS + 1) is cpu
    for other in (Device("cuda", "GPU", "float16", "", 1), Device("cpu", "CPU", "float32", "", 1)):
        assert other.suited_to(1) is other


def test_importing_is_light() -> None:
    code = (
        "import models.device, models.storage, models.families, sys; print({'torch', 'diffusers'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


@gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda() -> None:
    found = choose("auto")
    assert (found.kind, found.dtype) == ("cuda", "float16")
    assert 0 < free_bytes(found) <= found.memory_bytes
