"""The options of the report's commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import torch
import typer

CONFIG = Path(__file__).parents[2] / "config.yaml"
WORK = Path("runs/report")

ConfigPath = Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="Lists the minis.")]
Models = Annotated[str | None, typer.Option("--models", metavar="A,B", help="Just these minis; else all that ship.")]
Prompts = Annotated[int, typer.Option(min=2, help="Held-out prompts; each mini draws all of them.")]
Curve = Annotated[str, typer.Option(help="Numbers of steps of the curves, with commas; empty: no curves.")]
Rounds = Annotated[int, typer.Option(min=1, help="Pictures of each mini that are timed, in turns.")]
Device = Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")]
Processes = Annotated[int, typer.Option(min=0, help="That draw, one thread each; 0: as many as there are cores.")]
ClassifierSteps = Annotated[int, typer.Option(min=1, help="Of the classifier that distances are measured by.")]
Work = Annotated[
    Path, typer.Option(help="Keeps pictures, classifiers and the ablation, so that nothing is made twice.")
]
Out = Annotated[Path | None, typer.Option(help="Folder of the page with its pictures and figures.")]
Readme = Annotated[Path | None, typer.Option(help="File whose part between the report's marks is written anew.")]
Json = Annotated[bool, typer.Option("--json", help="Print all figures as one JSON object instead of tables.")]

Teacher = Annotated[str, typer.Option(help="The mini whose U-Net's blocks the students keep a part of.")]
Pictures = Annotated[Path, typer.Option(help="Folder of stored latents and text states, as `training` made them.")]
Steps = Annotated[int, typer.Option(min=1, help="Of each student; the learning rate is planned for as many.")]
Batch = Annotated[int, typer.Option(min=2, help="Pictures of a step, an even number.")]
Seed = Annotated[int, typer.Option(help="Of pictures, captions, times and noise: the same for all students.")]


def processes(asked: int) -> int:
    """One draws on a GPU; else as many as there are cores, unless told."""
    return asked or (1 if torch.cuda.is_available() else os.cpu_count() or 1)
