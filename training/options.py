"""Options that every method has, declared once. Each command sets its own defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

from models.files import INDEX

FROM, LEARNING, RUNNING = "What it learns from", "How it learns", "Where and how it runs"

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

Teacher = Annotated[
    str,
    typer.Option(help="Model to learn from: its name in config.yaml, or a checkpoint folder.", rich_help_panel=FROM),
]
Data = Annotated[
    str,
    typer.Option(
        help="Pictures with captions: a folder, WebDataset tars, or a data set saved by `datasets` or on the hub. "
        "They are encoded once and kept in WORK/encoded. Without it: those that `base` has stored.",
        rich_help_panel=FROM,
    ),
]
Pictures = Annotated[
    Path, typer.Option(help="Folder of what `base` has stored, where there is no --data.", rich_help_panel=FROM)
]
Size = Annotated[
    int, typer.Option(min=0, help="Side that --data's pictures get, in pixels; 0: the teacher's.", rich_help_panel=FROM)
]
PictureColumn = Annotated[
    str, typer.Option(help="Of --data; else the first one that holds pictures.", rich_help_panel=FROM)
]
CaptionColumn = Annotated[str, typer.Option(help="Of --data; else text, caption, txt or prompt.", rich_help_panel=FROM)]
Split = Annotated[str, typer.Option(help="Of --data, where it has several.", rich_help_panel=FROM)]


def _free_or_a_model(folder: Path) -> Path:
    """Raises BadParameter for what is no model and would be lost."""
    if folder.exists() and not (folder / INDEX).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} holds something else than a model. Name a new folder, or a model's.")
    return folder


def _ordered(scales: tuple[float, float]) -> tuple[float, float]:
    if scales[0] > scales[1]:
        raise typer.BadParameter(f"{scales[0]:g} is more than {scales[1]:g}. Name the least one first.")
    return scales


Out = Annotated[Path, typer.Option(help="Folder of the finished model; it is replaced.", callback=_free_or_a_model)]
Scales = Annotated[
    tuple[float, float], typer.Option(help="Least and greatest guidance that is taught.", callback=_ordered)
]
Whole = Annotated[bool, typer.Option(help="Write what it shares with its teacher too, for use anywhere.")]


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of its parameters that are dataclasses, as Typer wants them.

    A field's type is one of the options above; its default is the field's in the parameter's default.
    """
    hints: dict[str, Any] = get_type_hints(command, include_extras=True)
    parameters: list[Parameter] = []
    records: dict[str, Any] = {}
    for name, whole in signature(command).parameters.items():
        kind = hints[name]
        if is_dataclass(kind):
            records[name] = kind
            options = get_type_hints(kind, include_extras=True)
            parts = [(it.name, options[it.name], getattr(whole.default, it.name)) for it in fields(kind)]
        else:
            parts = [(name, kind, whole.default)]
        parameters += [Parameter(part, Parameter.KEYWORD_ONLY, default=its, annotation=of) for part, of, its in parts]

    @wraps(command)
    def called(**given: Any) -> None:
        for name, kind in records.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    called.__dict__["__signature__"] = Signature(parameters)
    called.__annotations__ = {it.name: it.annotation for it in parameters}
    return called
