"""Previews tell true colours, of latent spaces that are no linear map of them too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

import config
from errors import ConfigError
from judging.drawing import draw
from judging.scenes import random_scene
from models.latent_colours import LatentColours, latent_colours
from models.spec import LatentSpace
from tests.deployments import OURS
from training.colours import explained, fitted


@pytest.fixture(scope="module")
def mini() -> LatentSpace:
    return config.load(OURS).models[0].latent_space


@pytest.fixture(scope="module")
def vae() -> AutoencoderKL:
    return AutoencoderKL.from_pretrained(OURS.parent / "models/weights/mini-sd/vae", local_files_only=True).float()


@pytest.fixture(scope="module")
def stored(vae: AutoencoderKL) -> dict[str, torch.Tensor]:
    """What `python -m training base` stores of 40 pictures that no training has seen."""
    from training.shapes.latents import encoded

    rng = np.random.default_rng(12345)
    latents, colours = encoded(vae, np.stack([draw(random_scene(rng, 1 + number % 2)) for number in range(40)]))
    return {"latents": latents, "colours": colours}


def test_the_minis_previews_have_the_pictures_colours(
    mini: LatentSpace, vae: AutoencoderKL, stored: dict[str, torch.Tensor]
) -> None:
    latents = stored["latents"].float() * vae.config.scaling_factor
    assert min(explained(latent_colours(mini)(latents), stored["colours"].float())) > 0.9


def test_a_linear_map_is_as_it_is_written() -> None:
    space = LatentSpace(channels=2, scale=8, rgb=((1.0, 0.5, 0.0), (0.0, 0.0, -1.0)), bias=(0.0, 0.25, 0.0))
    rgb = latent_colours(space)(torch.tensor([0.5, 0.25]).view(1, 2, 1, 1))
    assert rgb.flatten().tolist() == [0.5, 0.5, -0.25]


def test_what_is_learned_is_kept(stored: dict[str, torch.Tensor], tmp_path: Path) -> None:
    factor = float(1 / stored["latents"].float().square().mean().sqrt())
    before = fitted(stored, factor, 1, seed=0)[1]
    net, shares = fitted(stored, factor, 300, seed=0)
    assert min(shares) > max(before)
    net.save(tmp_path / "net.safetensors")
    space = LatentSpace(channels=8, scale=8, colours=str(tmp_path / "net.safetensors"))
    latents = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(latent_colours(space)(latents), net(latents))


def test_the_share_explained_is_one_less_the_error_over_the_variance() -> None:
    wanted = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)
    assert explained(wanted, wanted) == [1.0]
    assert explained(torch.ones(1, 1, 1, 2), wanted) == [0.0]
    assert explained(torch.tensor([0.5, 1.5]).view(1, 1, 1, 2), wanted) == [0.75]


def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    space = LatentSpace(channels=4, scale=8, colours=str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        latent_colours(space)
    path.write_bytes(b"no tensors")
    with pytest.raises(ConfigError, match="cannot be read"):
        latent_colours(space)
    LatentColours((8, 3)).save(path)
    with pytest.raises(ConfigError, match="does not fit 4 latent channels"):
        latent_colours(space)
