"""The training loop: what it computes, that it resumes exactly, and what it says when it cannot go on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from errors import ConfigError
from training import checkpoint as checkpoints
from training.loop import Place, Schedule, train

SCHEDULE = Schedule(steps=12, rate=0.01, decay=1.0, average=0.5, save_every=5)


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
    """Learn the sum of three numbers, four triples at a time."""
    triples = torch.randn(4, 3, generator=place.dice())
    return (net(triples)[:, 0] - triples.sum(dim=1)).square().mean(), len(triples)


def flat(net: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(net.parameters()).detach()


def test_a_place_has_its_own_chance() -> None:
    places = [Place(seed, step, part) for seed in (0, 1) for step in (0, 1, 2) for part in (0, 1, 7, 8, 9)]
    drawn = [tuple(torch.rand(4, generator=place.dice()).tolist()) for place in places]
    assert len(set(drawn)) == len(places)
    assert drawn == [tuple(torch.rand(4, generator=place.dice()).tolist()) for place in places]


@pytest.mark.parametrize("steps", [3, 5, 7])
def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path: Path, steps: int) -> None:
    whole, resumed = net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt", parts=2)
    train(resumed, loss_at, replace(SCHEDULE, steps=steps, horizon=12), tmp_path / "resumed.pt", parts=2)
    assert not torch.equal(flat(whole), flat(resumed))
    resumed = net()
    train(resumed, loss_at, SCHEDULE, tmp_path / "resumed.pt", parts=2)
    assert torch.equal(flat(whole), flat(resumed))


def test_a_checkpoint_of_another_net_is_refused(tmp_path: Path) -> None:
    train(net(), loss_at, SCHEDULE, tmp_path / "sums.pt")
    with pytest.raises(ConfigError, match=r"sums\.pt is of another net\. Delete it to begin anew"):
        train(nn.Linear(3, 1), loss_at, SCHEDULE, tmp_path / "sums.pt")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_off_checkpoint_is_refused_and_the_one_before_offered(tmp_path: Path, share: float) -> None:
    path, whole, resumed = tmp_path / "sums.pt", net(), net()
    train(whole, loss_at, SCHEDULE, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ConfigError, match=r"sums\.pt is no whole checkpoint: .* goes on from .*sums\.before\.pt"):
        train(resumed, loss_at, SCHEDULE, path)
    path.unlink()
    kept = checkpoints.load(path, torch.device("cpu"))
    assert kept is not None
    assert kept["step"] == 10
    train(resumed, loss_at, SCHEDULE, path)
    assert torch.equal(flat(whole), flat(resumed))
