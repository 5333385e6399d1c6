"""Decoder distillation: the losses by hand, a narrower net of the same latents, and that it learns."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL

from training.decoder_distillation import decoder_loss, encoder_loss, narrowed, train_decoder
from training.loop.schedule import Schedule
from training.shapes.autoencoder import autoencoder
from training.teacher import scaled, unscaled


@pytest.fixture
def teacher() -> AutoencoderKL:
    torch.manual_seed(0)
    return autoencoder((8, 8, 16, 16)).eval()


def test_the_decoders_loss_by_hand() -> None:
    """One of four pixels is off by 1: 1/4 absolute, 1/4 squared, and half of 1/2 + 1/2 for the edges it makes."""
    drawn, wanted = torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    drawn[0, 0, 0, 0] = 1
    assert float(decoder_loss(drawn, wanted)) == pytest.approx(0.25 + 0.25 + 0.5 * (0.5 + 0.5))
    assert float(decoder_loss(drawn, drawn)) == 0


def test_the_encoders_loss_by_hand() -> None:
    assert float(encoder_loss(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0]))) == pytest.approx((1 + 4) / 2)


def test_the_student_has_the_teachers_latents_and_fewer_channels(teacher: AutoencoderKL) -> None:
    student = narrowed(teacher)
    latents = torch.randn(1, teacher.config.latent_channels, 4, 4)
    with torch.no_grad():
        assert student.decode(latents).sample.shape == teacher.decode(latents).sample.shape
    assert student.num_parameters() < teacher.num_parameters() / 2
    assert student.config.scaling_factor == teacher.config.scaling_factor


@pytest.mark.parametrize("moments", [None, (0.5, 2.0)])
def test_latents_are_unscaled_as_they_were_scaled(teacher: AutoencoderKL, moments: tuple[float, float] | None) -> None:
    channels = teacher.config.latent_channels
    mean, std = ([it] * channels for it in moments) if moments else (None, None)
    teacher.register_to_config(latents_mean=mean, latents_std=std, scaling_factor=0.25)
    raw = torch.full((1, channels, 2, 2), 3.0)
    latents = scaled(teacher, raw)
    assert latents.flatten()[0].item() == (0.3125 if moments else 0.75)
    assert torch.equal(unscaled(teacher, latents), raw)


def test_it_learns_what_the_teacher_draws(teacher: AutoencoderKL, tmp_path: Path) -> None:
    dice = torch.Generator().manual_seed(1)
    latents = torch.randn(4, teacher.config.latent_channels, 2, 2, generator=dice)
    torch.manual_seed(2)
    student = narrowed(teacher)

    def distance() -> float:
        with torch.no_grad():
            return float(decoder_loss(student.decode(latents).sample, teacher.decode(latents).sample))

    before = distance()
    train_decoder(student, teacher, latents, Schedule(steps=40, rate=5e-3, average=0.0), tmp_path / "decoder.pt")
    assert distance() < 0.6 * before
