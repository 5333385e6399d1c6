"""Noise, picture and v told as one another, by hand: α 0.8, σ 0.6, x 2, ε 1, so z 2.2 and v −0.4."""

import pytest
import torch

from errors import ConfigError
from training.predictions import target, velocity_from

ALPHA, SIGMA = 0.8, 0.6
X, NOISE, Z, V = (torch.tensor([[[[value]]]]) for value in (2.0, 1.0, 2.2, -0.4))
PREDICTED = {"epsilon": NOISE, "sample": X, "v_prediction": V}


@pytest.mark.parametrize("kind", PREDICTED)
def test_by_hand(kind: str) -> None:
    assert torch.allclose(velocity_from(PREDICTED[kind], Z, ALPHA, SIGMA, kind), V)
    assert torch.allclose(target(X, NOISE, ALPHA, SIGMA, kind), PREDICTED[kind])


def test_each_picture_has_its_own_level() -> None:
    alpha, sigma = (torch.tensor(values).view(2, 1, 1, 1) for values in ((0.8, 0.6), (0.6, 0.8)))
    noise = torch.tensor([1.0, 1.0]).view(2, 1, 1, 1)
    noisy = alpha * 2 + sigma * noise  # 2.2 and 2.0
    expected = torch.tensor([-0.4, 0.6 - 1.6]).view(2, 1, 1, 1)
    assert torch.allclose(velocity_from(noise, noisy, alpha, sigma, "epsilon"), expected)


def test_an_unknown_kind_is_refused() -> None:
    for told in (velocity_from, target):
        with pytest.raises(ConfigError, match=r"prediction_type 'flow'\. Taken are epsilon, v_prediction and sample"):
            told(X, Z, ALPHA, SIGMA, "flow")
