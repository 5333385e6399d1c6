"""The block student: which of its teacher's blocks it takes, what it is trained on, and that training resumes."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor
from typer.testing import CliRunner

from training import block_distillation as block
from training.__main__ import app
from training.architectures import denoiser
from training.base_training import NOISE, Stored, noisy_batch
from training.block_distillation import PLAN, Weights, distil, train_in_rounds, train_student, watched
from training.judge import WEIGHTS
from training.lesson import Lesson, Material, prepare, teacher_of
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place
from training.surgery import MINI_BK_SDM, Removal, blocks, shrunk, stages

CPU = Setup(device="cpu")
TINY = replace(PLAN, schedule=Schedule(steps=4, rate=1e-3, save_every=2), batch=2, parts=1)


@pytest.fixture
def teacher() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return denoiser(4, 8, (16, 16, 32))


@pytest.fixture
def stored() -> Stored:
    dice = torch.Generator().manual_seed(0)
    texts = torch.randn(6, 2, 5, 8, generator=dice).half()
    return Stored(latents=torch.randn(6, 4, 16, 16, generator=dice).half(), texts=texts, empty=texts[0, 0])


def test_the_losses_by_hand() -> None:
    ones, zeros = torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    mixed = torch.tensor([[3.0, 1.0]])
    assert block.task_loss(mixed, torch.tensor([[0.0, 2.0]])) == pytest.approx((9 + 1) / 2)
    assert block.output_loss(mixed, torch.tensor([[1.0, 1.0]])) == pytest.approx((4 + 0) / 2)
    assert block.feature_loss([ones, mixed], [zeros, 2 * mixed]) == pytest.approx(1 + (9 + 1) / 2)
    with pytest.raises(ValueError, match="shorter"):
        block.feature_loss([ones, mixed], [zeros])


def test_no_gradient_reaches_the_teacher() -> None:
    student, wanted = torch.ones(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    (block.output_loss(student, wanted) + block.feature_loss([student], [wanted])).backward()  # type: ignore[no-untyped-call]
    assert student.grad is not None
    assert wanted.grad is None


def test_teacher_and_student_are_compared_stage_by_stage(teacher: UNet2DConditionModel, stored: Stored) -> None:
    batch = noisy_batch(stored, DDPMScheduler(**NOISE), 2, Place(0, 0, 0), teacher.device)
    learner, model = watched(shrunk(teacher, MINI_BK_SDM), teacher, stages)
    (guess, features), (wanted, wanted_features) = learner(batch), model(batch)
    assert guess.shape == wanted.shape == batch.target.shape
    assert [f.shape[1:] for f in features] == [f.shape[1:] for f in wanted_features]
    sides = [(16, 8), (16, 4), (32, 4), (32, 8), (16, 16), (16, 16)]
    assert [(f.shape[1], f.shape[2]) for f in features] == sides


def test_a_block_is_compared_with_the_one_it_was(stored: Stored) -> None:
    torch.manual_seed(0)
    settings = {**denoiser(4, 8, (16, 16, 32)).config, "layers_per_block": 2, "mid_block_type": "UNetMidBlock2D"}
    teacher = UNet2DConditionModel.from_config(settings)
    batch = noisy_batch(stored, DDPMScheduler(**NOISE), 2, Place(0, 0, 0), teacher.device)
    learner, model = watched(shrunk(teacher, {}), teacher, blocks)
    assert all(torch.equal(one, other) for one, other in zip(learner(batch)[1], model(batch)[1], strict=True))
    learner, model = watched(shrunk(teacher, {"layers_per_block": 1}), teacher, blocks)
    features, wanted = learner(batch)[1], model(batch)[1]
    assert [f.shape for f in features] == [f.shape for f in wanted]
    assert torch.equal(features[0], wanted[0])
    assert len(features) == (1 + 2 + 2) + 1 + (4 + 4 + 2)


def test_each_round_starts_where_the_one_before_ended(
    teacher: UNet2DConditionModel, stored: Stored, tmp_path: Path
) -> None:
    rounds = (Removal(changes={"mid_block_type": None}, share=0.25), Removal(changes=MINI_BK_SDM, share=0.75))
    plan = replace(TINY, watched="blocks")
    student = train_in_rounds(teacher, rounds, stored, plan, tmp_path)
    saved = [torch.load(tmp_path / f"mini-bk-sdm-{number}.pt", weights_only=True) for number in (1, 2)]
    assert [part["step"] for part in saved] == [1, 3]
    first = train_in_rounds(teacher, rounds[:1], stored, plan, tmp_path)  # its checkpoint is at its end
    untrained = shrunk(first, MINI_BK_SDM)
    alone = shrunk(teacher, MINI_BK_SDM)
    assert not torch.equal(untrained.conv_in.weight, alone.conv_in.weight)
    train_student(
        untrained, teacher, stored, replace(plan, schedule=replace(plan.schedule, steps=3)), tmp_path / "x.pt"
    )
    assert all(torch.equal(one, other) for one, other in zip(untrained.parameters(), student.parameters(), strict=True))


def test_the_student_comes_nearer_to_its_teacher(teacher: UNet2DConditionModel, stored: Stored, tmp_path: Path) -> None:
    batch = noisy_batch(stored, DDPMScheduler(**NOISE), 6, Place(99, 0, 0), teacher.device)
    student = shrunk(teacher, MINI_BK_SDM)
    learner, model = watched(student, teacher, stages)

    def distances() -> tuple[float, float]:
        with torch.no_grad():
            (guess, features), (wanted, wanted_features) = learner(batch), model(batch)
        return float(block.output_loss(guess, wanted)), float(block.feature_loss(features, wanted_features))

    before = distances()
    schedule = replace(TINY.schedule, steps=20, rate=2e-3, average=0.5, save_every=20)
    plan = replace(TINY, schedule=schedule, weights=Weights(task=0))
    train_student(student, teacher, stored, plan, tmp_path / "checkpoint.pt")
    after = distances()
    assert after[0] < before[0]
    assert after[1] < before[1]


@pytest.fixture
def folders(teacher: UNet2DConditionModel, stored: Stored, tmp_path: Path) -> tuple[Path, Path]:
    """A teacher's checkpoint folder, and one of stored pictures."""
    whole, pictures = tmp_path / "teacher", tmp_path / "pictures"
    shutil.copytree(WEIGHTS / "mini-sd", whole, ignore=shutil.ignore_patterns("unet"))
    teacher.save_pretrained(whole / "unet")
    pictures.mkdir()
    torch.save({"latents": stored.latents}, pictures / "pictures-00.pt")
    torch.save({"texts": stored.texts, "empty": stored.empty}, pictures / "captions-00.pt")
    return whole, pictures


def lesson(teacher: Path, pictures: Path) -> Lesson:
    material = Material(teacher=str(teacher), pictures=pictures)
    return prepare(teacher_of(material, CPU, 1), material, pictures, CPU)


def tensors(folder: Path) -> dict[str, Tensor]:
    return dict(load_file(folder / "unet" / "diffusion_pytorch_model.safetensors"))


def test_a_resumed_training_ends_like_an_uninterrupted_one(folders: tuple[Path, Path], tmp_path: Path) -> None:
    whole, pictures = folders
    distil(lesson(whole, pictures), tmp_path / "work", tmp_path / "out", TINY, CPU)
    half = replace(TINY, schedule=replace(TINY.schedule, steps=2, horizon=TINY.schedule.steps))
    distil(lesson(whole, pictures), tmp_path / "again", tmp_path / "half", half, CPU)
    distil(lesson(whole, pictures), tmp_path / "again", tmp_path / "resumed", TINY, CPU)
    expected, found, unfinished = (tensors(tmp_path / name) for name in ("out", "resumed", "half"))
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert not all(torch.equal(expected[key], unfinished[key]) for key in expected)


def test_the_export_shares_all_but_the_u_net(folders: tuple[Path, Path], tmp_path: Path) -> None:
    teacher, pictures = folders
    distil(lesson(teacher, pictures), tmp_path / "work", tmp_path / "out", TINY, CPU, whole=True)
    files = {path.relative_to(teacher) for path in teacher.rglob("*") if path.is_file() and path.parent.name != "unet"}
    assert all((tmp_path / "out" / name).read_bytes() == (teacher / name).read_bytes() for name in files)
    distil(lesson(teacher, pictures), tmp_path / "work", tmp_path / "own", TINY, CPU)
    assert {path.name for path in (tmp_path / "own").iterdir()} == {"model_index.json", "scheduler", "unet"}
    assert UNet2DConditionModel.from_pretrained(tmp_path / "out" / "unet").mid_block is None
    assert all(tensor.dtype == torch.float16 for tensor in tensors(tmp_path / "out").values())


def test_a_teacher_that_lacks_the_students_blocks_ends_the_command(
    folders: tuple[Path, Path], teacher: UNet2DConditionModel, tmp_path: Path
) -> None:
    whole, pictures = folders
    shrunk(teacher, MINI_BK_SDM).save_pretrained(whole / "unet")
    places = ["--pictures", str(pictures), "--work", str(tmp_path), "--out", str(tmp_path / "x")]
    done = CliRunner().invoke(app, ["block", "--teacher", str(whole), *places])
    assert done.exit_code == 2
    assert "The student's blocks are not in this teacher (down_block_types" in done.output
    assert not (tmp_path / "x").exists()


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["block", "--pictures", str(tmp_path), "--work", str(tmp_path), "--out", str(tmp_path / "x")]
    )
    assert done.exit_code == 2
    assert "holds 0 files of pictures and 0 of captions; `python -m training base` stores" in done.output
    assert not (tmp_path / "x").exists()
