"""Every method on teachers of the published layouts, tiny: they predict noise or v, and SDXL takes conditions."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests import picture_sets as sets
from tests.tiny import Checkpoints
from training import block_distillation as block
from training.base_training import Stored, noisy_batch
from training.data.sources import find
from training.data.stored import store
from training.guidance_distillation import both_passes, takes_guidance, train_guidance
from training.loop.schedule import Schedule
from training.loop.train import Place
from training.step_distillation import Halving, Levels, as_velocity, predicting, train_steps
from training.surgery import BK_SMALL, shrunk
from training.teacher import Teacher, load

BRIEF = Schedule(steps=2, rate=1e-3, save_every=2)
CPU = torch.device("cpu")


@cache
def teacher(folder: Path) -> Teacher:
    return load(str(folder), "cpu", lambda event: None)


@pytest.fixture
def taught(checkpoints: Checkpoints, tmp_path: Path) -> Callable[[str], tuple[Teacher, Stored]]:
    """A teacher by its name in tests/tiny.py, and what it has stored of four pictures."""

    def make(name: str) -> tuple[Teacher, Stored]:
        one = teacher(checkpoints[name])
        return one, store(find(str(sets.with_texts(tmp_path / "set"))), one, tmp_path / "stored", side=64)

    return make


def weights(net: torch.nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in net.parameters()]


def moved(net: torch.nn.Module, before: list[Tensor]) -> bool:
    return any(not torch.equal(one, other) for one, other in zip(weights(net), before, strict=True))


def test_what_is_learned_is_what_the_teacher_predicts(taught: Callable[[str], tuple[Teacher, Stored]]) -> None:
    sd, stored = taught("sd")
    batch = noisy_batch(stored, sd.noise, 3, Place(0, 0, 0), CPU)
    kept = sd.noise.alphas_cumprod[batch.times].view(-1, 1, 1, 1)
    pictures = (batch.noisy - (1 - kept).sqrt() * batch.target) / kept.sqrt()  # the target is the noise
    assert all(min(float((own - one).abs().max()) for one in stored.latents.float()) < 0.02 for own in pictures)


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_block_distillation(taught: Callable[[str], tuple[Teacher, Stored]], tmp_path: Path, name: str) -> None:
    one, stored = taught(name)
    student = shrunk(one.unet, BK_SMALL if name == "sd" else {"layers_per_block": 1})
    before = weights(student)
    plan = block.Plan(schedule=BRIEF, batch=2, parts=1)
    block.train_student(student, one.unet, stored, plan, tmp_path / "block.pt", noise=one.noise.config)
    assert moved(student, before)


@pytest.mark.parametrize("name", ["sd", "ssd"])
def test_guidance_distillation(taught: Callable[[str], tuple[Teacher, Stored]], tmp_path: Path, name: str) -> None:
    one, stored = taught(name)
    student = takes_guidance(one.unet, 8)
    before = weights(student)
    train_guidance(student, one.unet, stored, BRIEF, tmp_path / "g.pt", batch=2, parts=1, noise=one.noise.config)
    assert moved(student, before)


@pytest.mark.parametrize("name", ["sd", "sdxl", "decidiffusion"])
def test_step_distillation(taught: Callable[[str], tuple[Teacher, Stored]], tmp_path: Path, name: str) -> None:
    one, stored = taught(name)
    student = deepcopy(one.unet).requires_grad_(True)
    before = weights(student)
    halvings = (Halving(steps=2, teacher_steps=4),)
    train_steps(
        *(student, one.unet, stored, halvings, replace(BRIEF, steps=3), tmp_path / "steps.pt"),
        noise=one.noise.config,
        guided_share=0.5,
        batch=2,
        parts=1,
    )
    assert moved(student, before)
    assert all(p.isfinite().all() for p in student.parameters())


def test_without_the_prompt_sdxl_is_asked_with_empty_conditions(
    taught: Callable[[str], tuple[Teacher, Stored]],
) -> None:
    one, stored = taught("sdxl")
    assert stored.empty_pooled is not None
    picked, never = torch.tensor([0, 1]), torch.tensor([False, False])
    texts, conditions = stored.prompts(picked, torch.tensor([0, 0]), never, CPU)
    unled, empty = stored.unled(conditions), stored.empty.float()
    noisy, times = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([10, 500])
    with torch.no_grad():
        bare, led = both_passes(one.unet, noisy, times, texts, empty, conditions, unled)
        apart = one.unet(noisy, times, empty.expand_as(texts), added_cond_kwargs=dict(unled)).sample
    assert torch.allclose(bare, apart, atol=1e-5)
    assert not torch.allclose(bare, led, atol=1e-4)
    assert torch.equal(unled["time_ids"], conditions["time_ids"])
    assert not unled["text_embeds"].any()


def test_a_teacher_of_noise_is_asked_for_v(taught: Callable[[str], tuple[Teacher, Stored]]) -> None:
    one, stored = taught("sd")
    levels, times = Levels.of(one.noise), torch.tensor([0, 999])
    noisy = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    asked = predicting(one.unet, stored.texts[:2, 0].float(), None, torch.ones(2))
    with torch.no_grad():
        noise, v = asked(noisy, times), as_velocity(asked, levels, "epsilon")(noisy, times)
    alpha, sigma = levels.at(times)
    assert torch.allclose(alpha * v + sigma * noisy, noise, atol=1e-4)
