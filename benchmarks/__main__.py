"""`python -m benchmarks`: measure, print a table of ratios, and write them as JSON where asked."""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from app import ENVIRONMENT
from benchmarks.ratio import Ratio
from config import load
from terminal.options import OUR_CONFIG

KINDS = ("mini", "app", "start", "gallery")
PACKAGES = ("torch", "diffusers", "transformers", "gradio", "numpy")

Which = Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(KINDS)}; all where none is named.")]
Rounds = Annotated[int, typer.Option(min=1, help="Every case is timed once in each.")]
Steps = Annotated[int, typer.Option(min=2, help="Of each picture with random weights.")]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cuda, mps or cpu.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write the figures, every round, to this file.")]


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def bench(
    which: Which = None,
    rounds: Rounds = 5,
    steps: Steps = 10,
    device: DeviceName = "auto",
    json_file: JsonFile = None,
) -> None:
    """Measure what Darkroom costs. Cases take turns, so that a busy machine slows all of them alike."""
    unknown = set(which or ()) - set(KINDS)
    if unknown:
        raise typer.BadParameter(f"there is no {unknown.pop()!r}; choose from {', '.join(KINDS)}")
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    logging.basicConfig(level=logging.ERROR)
    console = Console(stderr=True, highlight=False)
    machine = _machine(device)
    ratios = list(_ratios(which or KINDS, device, rounds, steps, console))
    Console(width=None if sys.stdout.isatty() else 120).print(_table(ratios, machine))
    if json_file:
        json_file.write_text(json.dumps({"machine": machine, "ratios": [_plain(it) for it in ratios]}, indent=2))


def _ratios(which: Sequence[str], device: str, rounds: int, steps: int, console: Console) -> Iterator[Ratio]:
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    from benchmarks import app_cost, gallery_size, startup

    of_diffusers.set_verbosity_error()
    of_diffusers.disable_progress_bar()
    of_transformers.disable_progress_bar()  # type: ignore[no-untyped-call]
    config = load(OUR_CONFIG)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    if "start" in which:
        yield from startup.startup(rounds, tell)
    if "gallery" in which:
        yield from gallery_size.gallery_size(rounds, tell)
    if "mini" in which:
        yield from app_cost.mini(config, device, rounds, tell)
        yield from app_cost.minis(config, device, rounds, tell)
    if "app" in which:
        yield from app_cost.overhead(config, device, rounds, steps, tell)


def _machine(device: str) -> dict[str, str]:
    from models.device import choose

    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "machine": f"{platform.platform(terse=True)}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        "device": choose(device).label,
        "versions": versions,
    }


def _table(ratios: list[Ratio], machine: dict[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, caption="\n".join(machine.values()), caption_justify="left")
    for column in ("what", "seconds", "over", "ratio", "least to most", "processor", "goal"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for ratio in ratios:
        goal = "" if ratio.goal is None else f"{ratio.goal:.2f} {'met' if ratio.median <= ratio.goal else 'missed'}"
        spread = f"{min(ratio.rounds):.3f} to {max(ratio.rounds):.3f}"
        seconds = (f"{ratio.seconds:.2f}", f"{ratio.base_seconds:.2f}")
        table.add_row(ratio.name, *seconds, f"{ratio.median:.3f}", spread, f"{ratio.processor:.3f}", goal)
    return table


def _plain(ratio: Ratio) -> dict[str, Any]:
    return {**asdict(ratio), "rounds": ratio.rounds, "median": ratio.median, "processor": ratio.processor}


if __name__ == "__main__":
    command()
