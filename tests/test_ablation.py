"""The ablation of the block method's losses: students that differ in nothing else, on a few made-up latents."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.progress import Progress
from safetensors.torch import load_file
from typer.testing import CliRunner

import config
from errors import ConfigError
from training.__main__ import app
from training.base_training import Stored
from training.report import ablation
from training.report.collect import Plan
from training.report.minis import Mini
from training.report.options import CONFIG

TRAINING = ablation.Training(steps=2, batch=2, seed=1)


@pytest.fixture(scope="module")
def teacher() -> Mini:
    """mini-sd, which makes a picture in one step."""
    spec = config.load(CONFIG).models[0]
    return Mini(spec.model_copy(update={"steps": spec.steps.model_copy(update={"default": 1})}))


@pytest.fixture(scope="module")
def stored() -> Stored:
    dice = torch.Generator().manual_seed(0)
    latents, texts = torch.randn(24, 8, 16, 16, generator=dice), torch.randn(24, 2, 77, 128, generator=dice)
    return Stored(latents=latents.half(), texts=texts.half(), empty=texts[0, 0].half())


def test_students_differ_by_their_losses_alone_and_are_judged(teacher: Mini, stored: Stored, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    learned, held = ablation.divided(replace(stored), 8)
    assert (len(learned.latents), len(held.latents)) == (16, 8)
    losses = ("task", "task + output + features")
    students = {name: ablation.student(teacher, name, TRAINING, learned, tmp_path / "ablation") for name in losses}
    first, second = (load_file(next(Path(it.spec.repo).rglob("unet/*.safetensors"))) for it in students.values())
    assert first.keys() == second.keys()
    assert any(not torch.equal(first[key], second[key]) for key in first)

    plan = Plan(prompts=4, curve=(), rounds=0, device="cpu", processes=1, classifier_steps=1, work=tmp_path)
    with Progress(disable=True) as bar:
        found = ablation.judged(teacher, students, TRAINING, held, plan, bar)
    assert [it.losses for it in found.students] == list(losses)
    assert all(it.task > 0 and it.output > 0 for it in found.students)
    assert all(len(it.made.marks["background"]) == 4 for it in found.students)


def test_a_student_that_is_finished_is_not_trained_again(teacher: Mini, stored: Stored, tmp_path: Path) -> None:
    done = ablation.student(teacher, "task", TRAINING, stored, tmp_path)
    weights = next(Path(done.spec.repo).rglob("unet/*.safetensors"))
    before = weights.stat().st_mtime_ns
    assert ablation.student(teacher, "task", TRAINING, stored, tmp_path) == done
    assert weights.stat().st_mtime_ns == before


def test_too_few_pictures_are_refused(stored: Stored) -> None:
    with pytest.raises(ConfigError, match="There are 24 stored pictures; the ablation keeps 13 back"):
        ablation.divided(stored, 13)


def test_a_folder_without_stored_pictures_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["ablation", "--pictures", str(tmp_path), "--work", str(tmp_path / "work")])
    assert done.exit_code == 2
    assert "0 files of pictures" in done.stderr
    assert not (tmp_path / "work").exists()
