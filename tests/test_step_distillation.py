"""Step distillation: the loss and its target by hand, and a student that learns several of its teacher's steps."""

import math

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor

from training.architectures import denoiser
from training.base_training import NOISE
from training.guidance_distillation import takes_guidance
from training.step_distillation import (
    Halving,
    Levels,
    ddim_step,
    led_share,
    one_step_target,
    step_loss,
    teachers_way,
    time_of,
)

DDIM = {"timestep_spacing": "trailing", "set_alpha_to_one": True, "clip_sample": False}


@pytest.fixture
def levels() -> Levels:
    return Levels.of(DDPMScheduler(**NOISE))


def one(value: float) -> Tensor:
    return torch.full((1, 1, 1, 1), value)


def test_the_loss_is_the_mean_of_squares() -> None:
    guess, target = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    assert float(step_loss(guess, target)) == pytest.approx((4 + 9) / 4)
    assert step_loss(guess, target.requires_grad_()).requires_grad is False


def test_a_step_by_hand() -> None:
    """α 0.6, σ 0.8, z 1, v 0.5: the picture is 0.6 − 0.4 = 0.2 and the noise 0.8 + 0.3 = 1.1."""
    here, there = (one(0.6), one(0.8)), (one(0.8), one(0.6))
    assert float(ddim_step(one(1.0), one(0.5), here, there)) == pytest.approx(0.8 * 0.2 + 0.6 * 1.1)
    assert float(ddim_step(one(1.0), one(0.5), here, (one(1.0), one(0.0)))) == pytest.approx(0.2)


def test_the_target_by_hand() -> None:
    """From z 1 at (0.6, 0.8) to 0.9 at (0.8, 0.6): x̃ = (0.9 − 0.75 · 1) / (0.8 − 0.75 · 0.6) = 0.15 / 0.35."""
    picture = 0.15 / 0.35
    target = one_step_target(one(1.0), one(0.9), (one(0.6), one(0.8)), (one(0.8), one(0.6)))
    assert float(target) == pytest.approx((0.6 - picture) / 0.8, rel=1e-5)


def test_the_target_leads_where_the_teacher_came(levels: Levels) -> None:
    dice = torch.Generator().manual_seed(0)
    noisy, reached = torch.randn(2, 4, 3, 3, 3, generator=dice)
    here, there = levels.at(torch.tensor([999, 749, 499, 249])), levels.at(torch.tensor([749, 499, 249, -1]))
    v = one_step_target(noisy, reached, here, there)
    assert torch.allclose(ddim_step(noisy, v, here, there), reached, atol=1e-4)


def test_one_step_of_the_teacher_is_its_own_answer(levels: Levels) -> None:
    noisy = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    left = torch.tensor([1.0, 0.75, 0.5, 0.25])
    target = teachers_way(lambda z, times: z * times.view(-1, 1, 1, 1) / 1000, noisy, left, 0.25, 1, levels)
    assert torch.allclose(target, noisy * time_of(left).view(-1, 1, 1, 1) / 1000, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_the_times_are_those_of_the_sampler(steps: int) -> None:
    sampler = DDIMScheduler(**NOISE, **DDIM)
    sampler.set_timesteps(steps)
    left = torch.arange(steps, 0, -1) / steps
    assert time_of(left).tolist() == sampler.timesteps.tolist()
    assert time_of(torch.zeros(1)).tolist() == [-1]


def test_the_teachers_way_is_the_samplers(levels: Levels) -> None:
    """Two of its steps by diffusers' DDIM end where one with the target as v does."""
    sampler = DDIMScheduler(**NOISE, **DDIM)
    sampler.set_timesteps(8)
    noisy = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(2))

    def teacher(z: Tensor, times: Tensor) -> Tensor:
        return torch.tanh(z) * (1 + times.view(-1, 1, 1, 1) / 1000)

    reached = noisy
    for time in sampler.timesteps[:2]:
        reached = sampler.step(teacher(reached, time.view(1)), time, reached).prev_sample
    target = teachers_way(teacher, noisy, torch.ones(1), 0.25, 2, levels)
    one_step = DDIMScheduler(**NOISE, **DDIM)
    one_step.set_timesteps(4)
    again = one_step.step(target, one_step.timesteps[0], noisy).prev_sample
    assert torch.allclose(again, reached, atol=1e-4)


def test_levels_end_at_the_picture(levels: Levels) -> None:
    alpha, sigma = levels.at(torch.tensor([-1, 0]))
    assert alpha.flatten()[0] == 1
    assert sigma.flatten()[0] == 0
    assert float(alpha[1] ** 2 + sigma[1] ** 2) == pytest.approx(1)
    assert float(alpha[1]) == pytest.approx(math.sqrt(1 - 0.00085), abs=1e-6)


def test_beside_a_net_that_takes_the_scale_one_that_does_not_is_always_guided() -> None:
    plain = denoiser(4, 8, (16, 16, 32))
    scaled = takes_guidance(plain, 8)
    assert led_share(plain, plain, 0.3) == 0.3
    assert led_share(scaled, plain, 0.3) == led_share(plain, scaled, 0.3) == 1.0


def test_a_students_steps_divide_its_teachers() -> None:
    with pytest.raises(ValueError, match="multiple"):
        Halving(steps=4, teacher_steps=6)
