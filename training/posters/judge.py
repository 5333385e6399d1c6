"""What a model gets right of held-out posters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import DiffusionPipeline
from rich.console import Console
from rich.table import Table

from judging.drawing import Pixels
from judging.posters.scenes import KINDS, Poster, random_poster
from judging.posters.seeing import see
from judging.posters.verdict import both_right, several_right, verdict
from training.judge import draw_all, load, share
from training.posters.captions import plain_caption, several

STEPS = 20
GUIDANCE = 3.0


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How many of the pictures show what was asked for."""

    ground: float  # of all: colour, pattern, day or night
    colour: float  # of those with one thing
    shape: float
    size: float
    place: float
    both: float  # of those with two different things: both colours, both shapes, the relation
    several: float  # of those with two to four of the same: their number, colour and shape


def held_out_posters(count: int, seed: int = 20261121) -> list[Poster]:
    """Posters of combinations that were never trained on, of each kind in turn."""
    rng = np.random.default_rng(seed)
    kinds = list(KINDS)
    return [random_poster(rng, kind=kinds[number % len(kinds)], judging=True) for number in range(count)]


def judge(pipeline: DiffusionPipeline, posters: Sequence[Poster], steps: int, guidance: float) -> Shares:
    return shares(posters, draw_all(pipeline, [plain_caption(poster) for poster in posters], steps, guidance))


def shares(posters: Sequence[Poster], pictures: Sequence[Pixels]) -> Shares:
    both = [(poster, see(picture)) for poster, picture in zip(posters, pictures, strict=True)]
    ones = [verdict(poster, found) for poster, found in both if len(poster.items) == 1]
    return Shares(
        ground=share([found.ground == poster.ground for poster, found in both]),
        **{key: share([one[key] for one in ones]) for key in ("colour", "shape", "size", "place")},
        both=share([both_right(poster, found) for poster, found in both if poster.relation]),
        several=share([several_right(poster, found) for poster, found in both if several(poster)]),
    )


def main(
    model: Annotated[str, typer.Option(help="An embedded model's name or a checkpoint folder.")] = "mini-sdxl",
    prompts: Annotated[
        int, typer.Option(min=1, help="Held-out prompts: a third with one, two, and several things.")
    ] = 210,
    steps: Annotated[int, typer.Option(min=1, help="Denoising steps.")] = STEPS,
    guidance: Annotated[float, typer.Option(help="Guidance scale.")] = GUIDANCE,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: as torch chooses.")] = 0,
) -> None:
    """Judge a model of posters with guidance and at guidance 1."""
    if threads:
        torch.set_num_threads(threads)
    pipeline, posters = load(model), held_out_posters(prompts)
    guided, unguided = (asdict(judge(pipeline, posters, steps, scale)) for scale in (guidance, 1.0))
    table = Table("what is right", f"guidance {guidance:g}", "guidance 1", title="Held-out prompts")
    for name in guided:
        table.add_row(name, f"{guided[name]:.1%}", f"{unguided[name]:.1%}")
    Console().print(table)
