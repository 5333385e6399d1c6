"""Which of a teacher's blocks a student keeps, and from which of its teacher's tensors each of the student's starts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from diffusers import UNet2DConditionModel

from errors import ConfigError

Settings = Mapping[str, Any]
Kept = Mapping[tuple[int, int], tuple[int, ...]]

RESIDUAL = re.compile(r"((?:down|up)_blocks\.\d+)\.resnets\.(\d+)\.norm1\.weight")
UP_PAIR = re.compile(r"(up_blocks\.\d+)\.(resnets|attentions)\.(\d+)(.*)")
LAYER = re.compile(r"(.+\.attentions\.\d+)\.transformer_blocks\.(\d+)\.(.+)")
FIRST_OF_LAYER = re.compile(r"(.+\.attentions\.\d+)\.transformer_blocks\.\d+\.norm1\.weight")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What one round takes from a U-Net."""

    changes: Settings  # the settings that the student has otherwise than its teacher
    kept: Kept = field(default_factory=dict)  # of so many transformer layers so many: these stay; else the first ones
    share: float = 1.0  # of the training's steps: so many follow


BK_SMALL: Settings = {"layers_per_block": 1, "mid_block_type": None}  # as published
MINI_BK_SDM: Settings = {
    "layers_per_block": (0, 1, 1),  # of the outermost stage the only pair on the way down, one of two on the way up
    "mid_block_type": None,
    # Each other residual block changes the width or takes a skip connection, so only its attention can go.
    "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}
# What is left of SDXL in the end is published (segmind/SSD-1B, unet/config.json). The rounds are our choice, from the
# inside outwards: the paper (arXiv 2401.02677) removes progressively, but its code has no order of it.
SSD_MIDDLE: Settings = {"mid_block_type": "UNetMidBlock2D"}  # one residual block, no attention
SSD_INNER: Settings = {
    "transformer_layers_per_block": ((1,), (2, 2), (4, 4)),
    "reverse_transformer_layers_per_block": ((4, 4, 10), (2, 2, 2), 1),
}
SSD_OUTER: Settings = {"reverse_transformer_layers_per_block": ((4, 4, 10), (2, 1, 1), 1)}
# Segmind has not said which layers stayed. By cosine similarity, measured in huggingface.co/furusu/SSD-1B-anime, the
# published weights have of ten layers SDXL's first, second, third and seventh, and of two the first.
SSD_KEPT: Kept = {(10, 4): (0, 1, 2, 6), (2, 1): (0,)}

# The same of mini-sdxl, which has one pair less a stage and less deep transformers: four layers, of which less is left.
MINI_SSD_INNER: Settings = {
    "transformer_layers_per_block": ((1,), (2,), (1,)),
    "reverse_transformer_layers_per_block": ((1, 2), (2, 2), 1),
}
MINI_SSD_OUTER: Settings = {"reverse_transformer_layers_per_block": ((1, 2), (2, 1), 1)}

StudentName = Literal["bk-sdm-small", "mini-bk-sdm", "ssd-1b", "mini-ssd"]
STUDENTS: Mapping[StudentName, tuple[Removal, ...]] = {
    "bk-sdm-small": (Removal(changes=BK_SMALL),),
    "mini-bk-sdm": (Removal(changes=MINI_BK_SDM),),
    "ssd-1b": (
        Removal(changes=SSD_MIDDLE, share=0.2),
        Removal(changes=SSD_INNER, kept=SSD_KEPT, share=0.4),
        Removal(changes=SSD_OUTER, kept=SSD_KEPT, share=0.4),
    ),
    "mini-ssd": (
        Removal(changes=SSD_MIDDLE, share=0.2),
        Removal(changes=MINI_SSD_INNER, share=0.4),
        Removal(changes=MINI_SSD_OUTER, share=0.4),
    ),
}


def shrunk(teacher: UNet2DConditionModel, changes: Settings, kept: Kept | None = None) -> UNet2DConditionModel:
    """The student, its weights taken from its teacher's remaining blocks. Raises ConfigError if they do not fit it."""
    settings, whole = settings_of(teacher), teacher.state_dict()
    try:
        with torch.device("meta"):
            student = UNet2DConditionModel(**{**settings, **changes})
        taken = sources(student.state_dict(), whole, kept)
        if changes and len(taken) == len(whole):
            raise ValueError("nothing of the teacher is left out")
        student.load_state_dict({key: whole[name].clone() for key, name in taken.items()}, assign=True)
    except (ValueError, LookupError, RuntimeError) as error:  # diffusers, a block that is not there, other shapes
        told = ("down_block_types", "layers_per_block", "transformer_layers_per_block")
        layout = ", ".join(f"{key} {settings[key]}" for key in told)
        raise ConfigError(
            f"The student's blocks are not in this teacher ({layout}). Choose a student that is made of such a teacher."
        ) from error
    return student


def settings_of(teacher: UNet2DConditionModel) -> dict[str, Any]:
    """What it was built with. Raises ConfigError for a U-Net of another class than diffusers' own."""
    if type(teacher) is not UNet2DConditionModel:
        raise ConfigError(
            f"The teacher's U-Net is a {type(teacher).__name__}. This method changes what a UNet2DConditionModel is "
            "built with, as Stable Diffusion and SDXL have one; choose such a teacher."
        )
    return {key: value for key, value in teacher.config.items() if not key.startswith("_")}


def removed(teacher: UNet2DConditionModel, rounds: Iterable[Removal]) -> UNet2DConditionModel:
    """What is left after all rounds, without any training between them."""
    for removal in rounds:
        teacher = shrunk(teacher, removal.changes, removal.kept)
    return teacher


def sources(student: Iterable[str], teacher: Iterable[str], kept: Kept | None = None) -> dict[str, str]:
    """From which of its teacher's tensors each of the student's starts.

    Of an attention block's transformer layers those stay that `kept` names, else the first ones.
    """
    student, teacher, kept = list(student), list(teacher), kept or {}
    blocks, depths, all_depths = Blocks.of(student, teacher), depths_of(student), depths_of(teacher)

    def source(key: str) -> str:
        if not (found := LAYER.fullmatch(key)):
            return blocks.source(key)
        block, number, rest = found.groups()
        origin = blocks.source(block)
        chosen = kept.get((all_depths[origin], depths[block]), range(depths[block]))
        return f"{origin}.transformer_blocks.{chosen[int(number)]}.{rest}"

    return {key: source(key) for key in student}


@dataclass(frozen=True)
class Blocks:
    """Which of its teacher's blocks each of a student's is.

    Of a stage's pairs of residual and attention block, the way down keeps the first ones, which work on the new
    resolution. The way up keeps the first ones too, but its last is the teacher's last: it takes the same skip
    connection, so the same widths (as `copy_weight_from_teacher` in github.com/Nota-NetsPresso/BK-SDM).
    """

    student: Counter[str]  # how many residual blocks each stage has
    teacher: Counter[str]

    @classmethod
    def of(cls, student: Iterable[str], teacher: Iterable[str]) -> Blocks:
        """By the names of their tensors."""
        counts = (
            Counter(found[1] for key in keys if (found := RESIDUAL.fullmatch(key))) for keys in (student, teacher)
        )
        return cls(*counts)

    def source(self, name: str) -> str:
        """The teacher's name for a student's block, or for what is in it; transformer layers keep their number."""
        if not (found := UP_PAIR.fullmatch(name)):
            return name
        stage, kind, number, rest = found.groups()
        last = int(number) > 0 and int(number) == self.student[stage] - 1
        return f"{stage}.{kind}.{self.teacher[stage] - 1}{rest}" if last else name


def stages(net: UNet2DConditionModel) -> list[str]:
    """Its stages' names, in the order of the data's way."""
    return [
        *(f"down_blocks.{number}" for number in range(len(net.down_blocks))),
        *(["mid_block"] if net.mid_block else []),
        *(f"up_blocks.{number}" for number in range(len(net.up_blocks))),
    ]


def blocks(net: UNet2DConditionModel) -> list[str]:
    """The names of all residual and attention blocks, and of the middle as one, in the order of the data's way."""
    return [name for stage in stages(net) for name in ([stage] if stage == "mid_block" else pairs(net, stage))]


def pairs(net: UNet2DConditionModel, stage: str) -> Iterator[str]:
    """The names of a stage's residual and attention blocks."""
    block = net.get_submodule(stage)
    for number in range(len(block.resnets)):
        yield f"{stage}.resnets.{number}"
        if getattr(block, "attentions", None) is not None:
            yield f"{stage}.attentions.{number}"


def depths_of(keys: Iterable[str]) -> Counter[str]:
    """How many transformer layers each attention block has."""
    return Counter(found[1] for key in keys if (found := FIRST_OF_LAYER.fullmatch(key)))
