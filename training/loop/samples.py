"""Sheets of sample pictures: the same prompts and seeds by a net that is being trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import nn

STEPS = 20
COLUMNS = 4

Sheet = Callable[[nn.Module], Image.Image]


def drawn_by(pipeline: Any, prompts: Sequence[str], steps: int = STEPS, guidance: float = 3.0) -> Sheet:
    """A sheet by the stock pipeline with the net in its U-Net's place; a prompt's number is its seed."""
    pipeline.set_progress_bar_config(disable=True)

    def sheet(net: nn.Module) -> Image.Image:
        pipeline.register_modules(unet=net)
        dice = [torch.Generator().manual_seed(number) for number in range(len(prompts))]
        made = pipeline(list(prompts), num_inference_steps=steps, guidance_scale=guidance, generator=dice)
        return grid(made.images)

    return sheet


def grid(pictures: Sequence[Image.Image], columns: int = COLUMNS) -> Image.Image:
    """Row by row, all of the first one's size."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width * min(columns, len(pictures)), height * -(-len(pictures) // columns)))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (width * (number % columns), height * (number // columns)))
    return sheet
