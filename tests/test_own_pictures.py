"""Every method from its command line, on pictures of one's own and teachers of the published layouts."""

from pathlib import Path

import pytest
from diffusers import UNet2DConditionModel
from typer.testing import CliRunner, Result

from models.flexible_unet import FlexibleUNet2DConditionModel
from tests import picture_sets as sets
from tests.tiny import Checkpoints
from training.__main__ import app
from training.teacher import Teacher, load

BRIEF = ("--size", "64", "--steps", "2", "--batch", "2", "--accumulation", "1", "--device", "cpu")


def train(method: str, teacher: Path | str, data: Path, work: Path, *more: str) -> Result:
    told = (method, "--teacher", str(teacher), "--data", str(data), "--work", str(work), "--out", str(work / "out"))
    return CliRunner().invoke(app, [*told, *BRIEF, *more])


def made(done: Result, work: Path) -> Teacher:
    """What was written, loaded as the app would load it."""
    assert done.exit_code == 0, done.output
    return load(str(work / "out"), "cpu", lambda event: None)


def test_blocks_are_left_out_of_stable_diffusions_u_net(checkpoints: Checkpoints, tmp_path: Path) -> None:
    data = sets.with_texts(tmp_path / "set")
    done = train("block", checkpoints["sd"], data, tmp_path / "work", "--student", "bk-sdm-small")
    assert made(done, tmp_path / "work").unet.mid_block is None


def test_guidance_is_distilled_into_sdxls(checkpoints: Checkpoints, tmp_path: Path) -> None:
    done = train("guidance", checkpoints["sdxl"], sets.shards(tmp_path / "set"), tmp_path / "work")
    found = made(done, tmp_path / "work")
    assert found.spec.guidance == "distilled"
    files = {path.name for path in (tmp_path / "work" / "out" / "text_encoder_2").iterdir()}
    assert files == {"config.json", "model.safetensors"}  # under its default name, whatever variant was taken


@pytest.mark.parametrize(
    ("name", "cls"), [("sd", UNet2DConditionModel), ("decidiffusion", FlexibleUNet2DConditionModel)]
)
def test_steps_of_any_u_net(checkpoints: Checkpoints, tmp_path: Path, name: str, cls: type) -> None:
    data = sets.with_csv(tmp_path / "set")
    found = made(train("steps", checkpoints[name], data, tmp_path / "work", "--halving", "4:2"), tmp_path / "work")
    assert type(found.unet) is cls
    assert found.noise.config.prediction_type == "v_prediction"
    assert found.pipeline.scheduler.config.timestep_spacing == "trailing"


def test_a_narrower_decoder(checkpoints: Checkpoints, tmp_path: Path) -> None:
    data = sets.saved(tmp_path / "set")
    done = train("decoder", checkpoints["ssd"], data, tmp_path / "work", "--caption-column", "said")
    assert list(made(done, tmp_path / "work").pipeline.vae.config.block_out_channels) == [4, 4, 8, 8]


@pytest.mark.parametrize(
    ("method", "teacher", "message"),
    [
        ("block", "decidiffusion", "has the flexible U-Net of DeciDiffusion, and block distillation takes the stock"),
        ("guidance", "decidiffusion", "and guidance distillation takes the stock one"),
        ("guidance", "mini-turbo", "has guidance distilled into it already"),
        ("block", "mini-turbo", "has guidance distilled into it already"),
        ("flexible", "sd", "predicts epsilon, led by text states of width"),
        ("steps", "mini-dali", "There is no 'mini-dali'. Name a model of config.yaml"),
    ],
)
def test_a_teacher_of_the_wrong_family(
    checkpoints: Checkpoints, tmp_path: Path, method: str, teacher: str, message: str
) -> None:
    named = checkpoints[teacher] if teacher in ("decidiffusion", "sd") else teacher
    done = train(method, named, sets.with_texts(tmp_path / "set"), tmp_path / "work")
    assert (done.exit_code, message in " ".join(done.output.split())) == (2, True), done.output
    assert not (tmp_path / "work").exists()  # before its pictures are encoded


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--scales", "4", "1"), "4 is more than 1. Name the least one first"),
        (("--out", "."), "holds something else than a model"),
        (("--precision", "fp16"), "fp16 needs a GPU"),
        (("--tracker", "blackboard"), "--tracker blackboard: installed of accelerate's are"),
    ],
)
def test_options_that_will_not_do(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    done = train("guidance", "mini-sd", tmp_path, tmp_path / "work", *more)
    assert (done.exit_code, message in " ".join(done.output.replace("│", " ").split())) == (2, True), done.output


def test_pictures_that_will_not_do(checkpoints: Checkpoints, tmp_path: Path) -> None:
    data = sets.with_texts(tmp_path / "set")
    (data / "02.png").write_bytes(b"no picture")
    done = train("block", checkpoints["sd"], data, tmp_path / "work", "--student", "bk-sdm-small")
    assert done.exit_code == 2
    assert "of 4 pictures, 1 (02.png: " in done.output
    assert "Traceback" not in done.output
