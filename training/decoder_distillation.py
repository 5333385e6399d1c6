"""Decoder distillation (SnapFusion, arXiv 2306.00980, section 3.2): a narrow image decoder learns from pairs.

A pair is a latent and the picture that the teacher's decoder makes of it; no drawn picture is needed.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from PIL.Image import Image
from torch import Tensor, nn

from training import options
from training.export import export_student
from training.lesson import Material, prepare, teacher_of
from training.loop.samples import Sheet, grid
from training.loop.schedule import Learning, Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.shapes.autoencoder import likeness_loss
from training.teacher import scaled, unscaled

NOISE = 0.1  # most noise on the latents, of their own strength: those that a denoiser makes are not quite right


def narrowed(teacher: AutoencoderKL) -> AutoencoderKL:
    """An autoencoder of the teacher's latents with half as many channels, a quarter of the work, and chance weights."""
    settings = {key: value for key, value in teacher.config.items() if not key.startswith("_")}
    channels = tuple(width // 2 for width in teacher.config.block_out_channels)
    return AutoencoderKL(**{**settings, "block_out_channels": channels})


def decoder_loss(drawn: Tensor, wanted: Tensor) -> Tensor:
    """L = E d(D_teacher(z), D_student(z)), where the paper's d is the squared distance.

    Here d is the autoencoder stage's own: absolute and squared distance, and the distance of gradients, for crisp
    edges. Pictures (batch, 3, height, width) in [−1, 1]; a scalar.
    """
    return likeness_loss(drawn, wanted.detach())


def encoder_loss(guess: Tensor, latents: Tensor) -> Tensor:
    """L = E ‖E_student(D_teacher(z)) − z‖², so that the narrow autoencoder is a whole one. (batch, c, h, w) each."""
    return (guess - latents).square().mean()


class BothWays(nn.Module):
    """An autoencoder as one call: what several processes, or half precision, are prepared for."""

    def __init__(self, net: AutoencoderKL) -> None:
        super().__init__()
        self.net = net

    def forward(self, latents: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The picture of each latent, the latent of each picture."""
        return self.net.decode(latents).sample, self.net.encode(pictures).latent_dist.mode()


def train_decoder(
    student: AutoencoderKL,
    teacher: AutoencoderKL,
    latents: Tensor,
    schedule: Schedule,
    checkpoint: Path,
    *,
    batch: int = 4,
    seed: int = 5,
    parts: int = 2,
    setup: Setup | None = None,
    sheet: Sheet | None = None,
) -> None:
    """`latents` (n, channels, height, width): of pictures, scaled to a mean square of 1."""
    teacher.eval().requires_grad_(False)

    def loss_at(both: nn.Module, place: Place) -> tuple[Tensor, int]:
        dice = place.dice()
        chosen = latents[torch.randint(len(latents), (batch,), generator=dice)].float()
        amount = NOISE * torch.rand((batch, 1, 1, 1), generator=dice)
        noisy = unscaled(teacher, (chosen + amount * torch.randn(chosen.shape, generator=dice)).to(student.device))
        with torch.no_grad(), torch.autocast(student.device.type, enabled=False):  # SDXL's overflows in fp16
            wanted = teacher.decode(noisy).sample
        drawn, guess = both(noisy, wanted)
        return decoder_loss(drawn, wanted) + encoder_loss(scaled(teacher, guess), scaled(teacher, noisy)), batch

    both, made_of = BothWays(student), {"pictures": latents, "teacher's weights": teacher}
    train(both, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, sheet=sheet, made_of=made_of)


@torch.no_grad()
def beside(teacher: AutoencoderKL, latents: Tensor) -> Sheet:
    """The teacher's pictures of some latents (n, channels, height, width), and below them the student's."""

    def pictures(net: AutoencoderKL) -> list[Image]:
        drawn = net.decode(unscaled(net, latents.to(net.device))).sample
        found: list[Image] = VaeImageProcessor().postprocess(drawn)
        return found

    wanted = pictures(teacher)
    return lambda both: grid(wanted + pictures(both.net), columns=len(wanted))


@options.spread
def main(
    material: Material = Material(),
    out: options.Out = Path("runs/decoder"),
    whole: options.Whole = True,
    learning: Learning = Learning(steps=4000, rate=2e-3, batch=4, accumulation=2, seed=5),
    work: options.Work = Path("runs/mini"),
    setup: Setup = Setup(),
) -> None:
    """Distil a narrower image decoder (SnapFusion, arXiv 2306.00980) on pairs of latents and the teacher's pictures.

    Its encoder learns the way back, so that what is written has a whole autoencoder.
    """
    teacher = teacher_of(material, setup, learning.accumulation)
    lesson = prepare(teacher, material, work, setup, learning.batch)
    model, latents = teacher.pipeline.vae, lesson.stored.latents
    torch.manual_seed(learning.seed)
    student = narrowed(model).to(setup.where())
    train_decoder(
        student,
        model,
        latents,
        learning.schedule(decay=0.6, average=0.995),
        work / "decoder.pt",
        batch=learning.batch,
        seed=learning.seed,
        parts=learning.accumulation,
        setup=setup,
        sheet=beside(model, latents[:4].float()),
    )
    if setup.first():
        export_student(out, teacher.spec, {"vae": student}, whole=whole)
