"""Options that every method has, declared once. Each command sets its own defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

LEARNING, RUNNING = "How it learns", "Where and how it runs"

Steps = Annotated[
    int,
    typer.Option(min=1, help="Steps of the optimizer; the learning rate is planned by them.", rich_help_panel=LEARNING),
]
Rate = Annotated[float, typer.Option(min=0.0, help="Highest learning rate.", rich_help_panel=LEARNING)]
Batch = Annotated[int, typer.Option(min=1, help="Pictures of each part of a step.", rich_help_panel=LEARNING)]
Accumulation = Annotated[
    int,
    typer.Option(
        min=1,
        help="Parts of a step, whose gradients are averaged. Processes share them, and a CPU's threads.",
        rich_help_panel=LEARNING,
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of weights, pictures and noise.", rich_help_panel=LEARNING)]

Work = Annotated[
    Path,
    typer.Option(help="Folder of checkpoints, sheets and curves; may be deleted afterwards.", rich_help_panel=RUNNING),
]
Resume = Annotated[
    bool,
    typer.Option(help="Go on from the checkpoints in --work, or begin anew and replace them.", rich_help_panel=RUNNING),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU if there is one.", rich_help_panel=RUNNING)
]
Precision = Annotated[
    Literal["no", "fp16", "bf16"] | None,
    typer.Option(
        help="Mixed precision of the nets' passes; weights stay in float32. Else as `accelerate launch` says, or no.",
        rich_help_panel=RUNNING,
    ),
]
Tracker = Annotated[
    str | None,
    typer.Option(
        help="Who is told losses and sheets: tensorboard (its --logdir is WORK/logs), or accelerate's others.",
        rich_help_panel=RUNNING,
    ),
]
SheetEvery = Annotated[
    int,
    typer.Option(
        min=0,
        help="Steps from one sheet of sample pictures in WORK/sheets to the next; 0: none.",
        rich_help_panel=RUNNING,
    ),
]

TeacherFolder = Annotated[
    Path, typer.Option("--teacher", exists=True, file_okay=False, help="Checkpoint folder of the model to learn from.")
]
Pictures = Annotated[Path, typer.Option(help="Folder of latents and text states that `base` has stored.")]
Out = Annotated[Path, typer.Option(help="Folder of the finished model; it is replaced.")]
Whole = Annotated[bool, typer.Option(help="Write what it shares with its teacher too, for use anywhere.")]
