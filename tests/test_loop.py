"""The training loop: what it computes, that it resumes exactly, and what it says when it cannot go on."""

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]
from torch import Tensor, nn

from errors import ConfigError, DarkroomError
from training.loop import checkpoint as checkpoints
from training.loop.checkpoint import NotSaved
from training.loop.interrupts import Stopped
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train

ROOT = Path(__file__).parents[1]
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
    places = [Place(seed, step, part) for seed in (0, 1) for step in (0, 1, 2) for part in range(13)]

    def drawn() -> list[float]:
        return [float(torch.rand((), generator=dice)) for it in places for dice in (it.dice(), it.dice(4))]

    assert len(set(drawn())) == 2 * len(places)
    assert drawn() == drawn()


@pytest.mark.parametrize("place", [Place(0, 0, 0), Place(3, 700, 1), Place(5, 12, 3)])
def test_the_chance_of_the_first_parts_stays_as_checkpoints_have_seen_it(place: Place) -> None:
    seed = (place.seed * 1_000_003 + place.step) * 8 + place.part
    assert [place.dice(0).initial_seed(), place.dice(4).initial_seed()] == [seed, seed + 4]


@pytest.mark.parametrize("steps", [3, 5, 7])
def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path: Path, steps: int) -> None:
    whole, resumed = net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt", parts=2)
    train(resumed, loss_at, replace(SCHEDULE, steps=steps, horizon=12), tmp_path / "resumed.pt", parts=2)
    assert not torch.equal(flat(whole), flat(resumed))
    resumed = net()
    train(resumed, loss_at, SCHEDULE, tmp_path / "resumed.pt", parts=2)
    assert torch.equal(flat(whole), flat(resumed))


def test_a_finished_training_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, again = net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "sums.pt")
    assert "sums loss" in capsys.readouterr().out
    train(again, loss_at, SCHEDULE, tmp_path / "sums.pt")
    said = capsys.readouterr().out
    assert "sums finished before" in said
    assert "loss" not in said
    assert torch.equal(flat(whole), flat(again))


def test_a_checkpoint_of_another_net_is_refused(tmp_path: Path) -> None:
    train(net(), loss_at, SCHEDULE, tmp_path / "sums.pt")
    with pytest.raises(ConfigError, match=r"sums\.pt is of another net\. Delete it to begin anew"):
        train(nn.Linear(3, 1), loss_at, SCHEDULE, tmp_path / "sums.pt")


def test_a_checkpoint_that_was_made_otherwise_is_refused(tmp_path: Path) -> None:
    path, half = tmp_path / "sums.pt", replace(SCHEDULE, steps=5, horizon=12)
    made: dict[str, object] = {"teacher's weights": net(), "pictures": torch.arange(9.0), "--halving": "8:4"}
    train(net(), loss_at, half, path, seed=1, made_of=made)
    other = net()
    nn.init.zeros_(other[0].bias)  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"sums\.pt was made with --seed 1\. Train with the same .* --no-resume, or"):
        train(net(), loss_at, SCHEDULE, path, seed=2, made_of=made)
    with pytest.raises(ConfigError, match=r"made with other pictures and --halving 8:4\."):
        train(net(), loss_at, SCHEDULE, path, seed=1, made_of={**made, "pictures": torch.ones(9), "--halving": "8:2"})
    with pytest.raises(ConfigError, match=r"made with other teacher's weights and other starting weights\."):
        train(other, loss_at, SCHEDULE, path, seed=1, made_of={**made, "teacher's weights": other})
    resumed, whole = net(), net()
    train(resumed, loss_at, SCHEDULE, path, seed=1, made_of=made)
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt", seed=1)
    assert torch.equal(flat(whole), flat(resumed))
    train(other, loss_at, SCHEDULE, path, seed=2, setup=Setup(resume=False, device="cpu"))


def test_a_checkpoint_that_does_not_say_how_it_was_made_is_taken(tmp_path: Path) -> None:
    path, whole, resumed = tmp_path / "sums.pt", net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt")
    train(net(), loss_at, replace(SCHEDULE, steps=5, horizon=12), path)
    state = torch.load(path, weights_only=True)
    del state["made"]
    torch.save(state, path)
    train(resumed, loss_at, SCHEDULE, path)
    assert torch.equal(flat(whole), flat(resumed))


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


def test_parts_make_one_large_batch(tmp_path: Path) -> None:
    def all_at_once(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        losses = [loss_at(net, place._replace(part=part))[0] for part in range(4)]
        return torch.stack(losses).mean(), 16

    parted, whole = net(), net()
    train(parted, loss_at, SCHEDULE, tmp_path / "parted.pt", parts=4)
    train(whole, all_at_once, SCHEDULE, tmp_path / "whole.pt")
    torch.testing.assert_close(flat(parted), flat(whole))


def test_the_average_of_one_step_by_hand(tmp_path: Path) -> None:
    one = nn.Linear(1, 1, bias=False)
    nn.init.constant_(one.weight, 2.0)
    train(one, lambda net, _: (net(torch.ones(1, 1)).sum(), 1), replace(SCHEDULE, steps=1), tmp_path / "one.pt")
    # AdamW's first step is the rate, of which the warm-up leaves 1/100; the average takes 10/11 of it.
    assert one.weight.item() == pytest.approx(2.0 - 0.01 / 100 * 10 / 11)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_before_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    def interrupted(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        if place.step == 7:
            os.kill(os.getpid(), number)
        return loss_at(net, place)

    usual, whole, resumed = signal.getsignal(number), net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt")
    with pytest.raises(Stopped, match=r"sums: stopped after step 8 of 12, which is saved in .*sums\.pt\.") as stopped:
        train(net(), interrupted, SCHEDULE, tmp_path / "sums.pt")
    assert stopped.value.signal == number
    assert signal.getsignal(number) is usual
    train(resumed, loss_at, SCHEDULE, tmp_path / "sums.pt")
    assert torch.equal(flat(whole), flat(resumed))


def test_no_room_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    path, whole, resumed = tmp_path / "sums.pt", net(), net()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt")
    train(net(), loss_at, replace(SCHEDULE, steps=5, horizon=12), path)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, usual[1]))
    try:
        with pytest.raises(NotSaved, match=r"could not be written: .* Make room.* goes on from .*sums\.pt"):
            train(net(), loss_at, SCHEDULE, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert {file.name for file in tmp_path.iterdir()} == {"sums.pt", "whole.pt", "whole.before.pt"}
    train(resumed, loss_at, SCHEDULE, path)
    assert torch.equal(flat(whole), flat(resumed))


def test_a_loss_that_is_no_number_ends_it(tmp_path: Path) -> None:
    def broken(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        loss, pictures = loss_at(net, place)
        return loss / (0.0 if place.step == 7 else 1.0), pictures

    with pytest.raises(DarkroomError, match="the loss is inf at step 7"):
        train(net(), broken, SCHEDULE, tmp_path / "sums.pt")
    kept = checkpoints.load(tmp_path / "sums.pt", torch.device("cpu"))
    assert kept is not None
    assert kept["step"] == 5


def curve(folder: Path) -> dict[int, float]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {event.step: event.value for event in events.Scalars("loss")}


def test_the_curve_of_a_resumed_training_is_the_uninterrupted_ones(tmp_path: Path) -> None:
    schedule, setup = replace(SCHEDULE, steps=150, save_every=60), Setup(device="cpu", tracker="tensorboard")
    train(net(), loss_at, schedule, tmp_path / "whole.pt", setup=setup)
    train(net(), loss_at, replace(schedule, steps=70, horizon=150), tmp_path / "sums.pt", setup=setup)
    train(net(), loss_at, schedule, tmp_path / "sums.pt", setup=setup)
    whole = curve(tmp_path / "logs" / "whole")
    assert whole.keys() == {50, 100, 150}
    assert whole == curve(tmp_path / "logs" / "sums")
    losses = [float(loss_at(net(), Place(0, step, 0))[0].detach()) for step in range(50)]
    assert 0 < whole[150] < whole[50] < sum(losses) / 50


def test_a_sheet_is_drawn_by_the_averaged_weights_and_changes_nothing(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def sheet(net: nn.Module) -> Image.Image:
        assert not net.training
        seen.append(flat(net).clone())
        return Image.new("RGB", (4, 2), "red")

    plain, watched = net(), net()
    train(plain, loss_at, replace(SCHEDULE, steps=6, horizon=12), tmp_path / "plain.pt")
    setup = Setup(device="cpu", tracker="tensorboard", sheet_every=3)
    six = replace(SCHEDULE, steps=6, horizon=12)
    train(watched, loss_at, six, tmp_path / "sums.pt", setup=setup, sheet=sheet)
    assert torch.equal(flat(plain), flat(watched))
    assert torch.equal(seen[1], flat(watched))
    with Image.open(tmp_path / "sheets" / "sums-000003.png") as kept:
        assert kept.size == (4, 2)
    events = EventAccumulator(str(tmp_path / "logs" / "sums"))
    events.Reload()
    assert [event.step for event in events.Images("sheet")] == [3, 6]


def test_half_precision_learns_too(tmp_path: Path) -> None:
    AcceleratorState._reset_state()
    half, whole = net(), net()
    train(half, loss_at, SCHEDULE, tmp_path / "half.pt", parts=2, setup=Setup(device="cpu", precision="bf16"))
    AcceleratorState._reset_state()
    train(whole, loss_at, SCHEDULE, tmp_path / "whole.pt", parts=2)
    assert not torch.equal(flat(half), flat(whole))
    torch.testing.assert_close(flat(half), flat(whole), atol=1e-3, rtol=0)
    assert half(torch.ones(1, 3)).dtype == torch.float32


@pytest.mark.parametrize(
    ("setup", "message"),
    [
        (Setup(device="cpu", precision="fp16"), "fp16 needs a GPU"),
        (
            Setup(device="cpu", tracker="blackboard"),
            "--tracker blackboard: installed of accelerate's are .*tensorboard",
        ),
        (Setup(device="cpu", tracker="wandb"), "--tracker wandb: installed"),
    ],
)
def test_a_setup_that_cannot_be_had_is_refused(tmp_path: Path, setup: Setup, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train(net(), loss_at, SCHEDULE, tmp_path / "sums.pt", setup=setup)


def test_one_place_asks_for_accelerates_state() -> None:
    """Who asks first says for all whether processes share a CPU; else each would train alone."""
    asking = [path.stem for path in (ROOT / "training").rglob("*.py") if "PartialState" in path.read_text("utf-8")]
    assert asking == ["setup"]


def test_processes_on_a_cpu_are_told_of_each_other() -> None:
    code = "import torch.distributed as d, training.loop.setup as s; s.Setup().first(); print(d.get_backend())"
    alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    environment = os.environ | alone | {"ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == "gloo\n", done.stderr
