"""Guidance distillation: the loss by hand, and a student that starts as its teacher and takes the scale."""

import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from torch._subclasses.fake_tensor import FakeTensorMode

from training.architectures import denoiser
from training.guidance_distillation import (
    SCALES,
    both_passes,
    embedded,
    guidance_loss,
    guided,
    one_pass,
    random_scales,
    takes_guidance,
)
from training.loop.train import Place


@pytest.fixture
def teacher() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return denoiser(4, 8, (16, 16, 32)).eval()


def test_guidance_by_hand() -> None:
    unconditional, conditional = torch.tensor([[1.0, 2.0], [1.0, 2.0]]), torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    assert guided(unconditional, conditional, torch.tensor([1.0, 3.0])).tolist() == [[2.0, 0.0], [4.0, -4.0]]


def test_the_loss_by_hand() -> None:
    """u 1, c 2, s 3: 4 is wanted; a guess of 2 is 2 away."""
    one = torch.ones(1, 1, 1, 1)
    loss = guidance_loss(2 * one, one, 2 * one, torch.tensor([3.0]))
    assert float(loss) == pytest.approx(4.0)


def test_only_the_student_is_taught() -> None:
    guess, teachers = torch.ones(1, 1, 1, 1, requires_grad=True), torch.zeros(1, 1, 1, 1, requires_grad=True)
    guidance_loss(guess, teachers, teachers, torch.tensor([2.0])).backward()  # type: ignore[no-untyped-call]
    assert guess.grad is not None
    assert teachers.grad is None


def test_the_student_starts_as_its_teacher_whatever_the_scale(teacher: UNet2DConditionModel) -> None:
    student = takes_guidance(teacher, width=16).eval()
    dice = torch.Generator().manual_seed(1)
    noisy, texts = torch.randn(2, 4, 8, 8, generator=dice), torch.randn(2, 5, 8, generator=dice)
    times = torch.tensor([10, 900])
    with torch.no_grad():
        wanted = teacher(noisy, times, texts).sample
        for scale in (1.0, 4.0):
            assert torch.equal(one_pass(student, noisy, times, texts, torch.full((2,), scale)), wanted)


def test_the_scale_is_told_as_the_pipeline_tells_it() -> None:
    pipeline = StableDiffusionPipeline.__new__(StableDiffusionPipeline)
    assert torch.equal(
        embedded(torch.tensor([3.5]), 16), pipeline.get_guidance_scale_embedding(torch.tensor([2.5]), 16)
    )


def test_the_scale_is_told_where_the_net_is() -> None:
    with FakeTensorMode():  # a GPU's tensors without values, where there is none
        assert embedded(torch.ones(2, device="cuda"), 16).device.type == "cuda"


def test_both_passes_are_the_two_alone(teacher: UNet2DConditionModel) -> None:
    dice = torch.Generator().manual_seed(2)
    noisy, texts = torch.randn(2, 4, 8, 8, generator=dice), torch.randn(2, 5, 8, generator=dice)
    empty, times = torch.randn(5, 8, generator=dice), torch.tensor([10, 900])
    with torch.no_grad():
        unconditional, conditional = both_passes(teacher, noisy, times, texts, empty)
        assert torch.allclose(conditional, teacher(noisy, times, texts).sample, atol=1e-5)
        assert torch.allclose(unconditional, teacher(noisy, times, empty.expand(2, -1, -1)).sample, atol=1e-5)


def test_scales_are_the_same_at_one_place_and_others_elsewhere() -> None:
    first, again, other = (random_scales(500, Place(1, 2, part)) for part in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.min() >= SCALES[0]
    assert first.max() <= SCALES[1]
    assert first.std() > 0.5
