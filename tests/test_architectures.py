"""Every published model at full size, on the meta device: as many parameters as were published."""

import subprocess
import sys

import pytest
import torch

from models.architectures import ARCHITECTURES
from tests.tiny import REPOS

UNETS = {
    "CompVis/stable-diffusion-v1-4": 859_520_964,
    "nota-ai/bk-sdm-small": 482_346_884,
    "stabilityai/stable-diffusion-xl-base-1.0": 2_567_463_684,
    "segmind/SSD-1B": 1_331_334_404,
    "Deci/DeciDiffusion-v1-0": 814_746_884,
}


@pytest.mark.parametrize("repo", ARCHITECTURES)
def test_parameter_counts(repo: str) -> None:
    with torch.device("meta"):
        networks = ARCHITECTURES[repo].build()
    counts = {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}
    second = {"text_encoder_2": 694_659_840} if "text_encoder_2" in counts else {}
    assert counts == {"unet": UNETS[repo], "text_encoder": 123_060_480, "vae": 83_653_863, **second}
    assert bool(second) == (repo in (REPOS["sdxl"], REPOS["ssd"]))


def test_every_tiny_checkpoint_has_its_full_size() -> None:
    assert set(ARCHITECTURES) == set(REPOS.values())


def test_is_light_to_import() -> None:
    code = "import sys, models.architectures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
