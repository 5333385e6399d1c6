"""A command's options, declared in records."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from typer.testing import CliRunner

from training import options


@dataclass(frozen=True, kw_only=True)
class Record:
    steps: options.Steps = 10
    rate: options.Rate
    resume: options.Resume = True


@options.spread
def command(
    record: Record = Record(rate=0.5, steps=20),
    out: Annotated[Path, typer.Option(help="Where it goes.")] = Path("there"),
) -> None:
    """Tell what came."""
    print(record, out)


def told(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments).output


def test_a_records_fields_are_options() -> None:
    assert told() == f"{Record(steps=20, rate=0.5)} there\n"
    given = told("--rate", "1", "--out", "here", "--no-resume")
    assert given == f"{Record(steps=20, rate=1.0, resume=False)} here\n"
    assert "Input should be greater than or equal to 1" in told("--steps", "0")


def test_help_is_that_of_single_options() -> None:
    said = told("--help")
    assert "Tell what came." in said
    assert "--record" not in said
    assert said.index("--out") < said.index("How it learns") < said.index("--steps") < said.index("--rate")
    assert said.index("--rate") < said.index("Where and how it runs") < said.index("--no-resume")
