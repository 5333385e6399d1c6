"""The options of the commands: what each is called, what it accepts and what `--help` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

OUR_CONFIG = Path(__file__).parents[1] / "config.yaml"

Host = Annotated[str | None, typer.Option(help="Address to listen at; 0.0.0.0 lets your network in.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0: any free one.")]
Share = Annotated[bool, typer.Option("--share", help="Also a public link, by way of Gradio's servers.")]
Open = Annotated[bool, typer.Option("--open", help="Let in whoever has the public link.")]
AuthFile = Annotated[Path | None, typer.Option(help="Who may come in: accounts that `passwd` makes.")]
ConfigPath = Annotated[Path, typer.Option("--config", help="The deployment: its models, device, limits and server.")]
DeviceName = Annotated[
    Literal["auto", "cuda", "mps", "cpu"] | None, typer.Option("--device", help="Where to compute; else as configured.")
]
Offered = Annotated[str | None, typer.Option("--models", help="Offer just these: a,b. The first is then the default.")]
Preload = Annotated[bool, typer.Option("--preload", help="Load the default model before anybody asks for it.")]

Prompt = Annotated[str, typer.Argument(help="What the picture shows.")]
Model = Annotated[str | None, typer.Option(help="A name that `models` lists.")]
Negative = Annotated[str | None, typer.Option(help="What it must not show; not for models of distilled guidance.")]
Steps = Annotated[int | None, typer.Option(help="Denoising steps; more take longer.")]
Guidance = Annotated[
    float | None,
    typer.Option(
        help="How closely to follow the prompt; above 1 it takes two passes a step, except where it is distilled."
    ),
]
PictureSize = Annotated[str | None, typer.Option("--size", metavar="WxH", help="In pixels, for example 256x256.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same picture; -1 draws one.")]
Sampler = Annotated[str | None, typer.Option(help="Euler a, DPM++ 2M Karras, DDIM …; the model's own is Default.")]
Count = Annotated[int | None, typer.Option(help="How many; picture i has the seed + i.")]
Out = Annotated[str, typer.Option(help="A folder, or a file that ends in .png (numbered if there are several).")]

Measured = Annotated[str | None, typer.Option("--models", metavar="A,B", help="Which; else all that are on the disk.")]
RandomWeights = Annotated[bool, typer.Option("--random-weights", help="The published models as noise: no download.")]
Rounds = Annotated[int, typer.Option(min=2, max=100, help="Runs of everything.")]
Quick = Annotated[bool, typer.Option("--quick", help="A first look: 2 rounds, no batches, one way of previewing.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write all of it there, as JSON.")]
MarkdownFile = Annotated[
    str | None, typer.Option("--markdown", metavar="FILE", help="Also write the table there, to paste; - prints it.")
]
