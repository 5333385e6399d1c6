"""`python -m training report`: measure the family, print the tables, write the page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

import config
from models.registry import registry
from training.report import ablation, classifier, options, pages, sheet, tables
from training.report.collect import Plan, collect
from training.report.minis import Mini, embedded
from training.report.record import Report
from training.report.sampling import parts, read

SHEET_ROWS = 6


def report(
    config_path: options.ConfigPath = options.CONFIG,
    models: options.Models = None,
    prompts: options.Prompts = 200,
    curve: options.Curve = "1,2,4,8,16,32",
    rounds: options.Rounds = 7,
    device: options.Device = "auto",
    processes: options.Processes = 0,
    classifier_steps: options.ClassifierSteps = classifier.STEPS,
    work: options.Work = options.WORK,
    out: options.Out = None,
    readme: options.Readme = None,
    as_json: options.Json = False,
) -> None:
    """What distillation costs and gains: every mini of config.yaml measured in one run, beside its teacher.

    Costs are counted on the nets and seconds measured in turns; held-out prompts are judged at the defaults and over
    several numbers of steps; distances are from drawn pictures and from the teacher's. Pictures are kept by the
    fingerprint of the weights: stopped at any moment, the same command goes on, and a later run draws what changed.
    """
    plan = Plan(
        prompts=prompts,
        curve=_steps(curve),
        rounds=rounds,
        device=device,
        processes=options.processes(processes),
        classifier_steps=classifier_steps,
        work=work,
    )
    minis = embedded(list(registry(config.load(config_path).models, _names(models)).values()))
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        found = collect(minis, plan, bar)
    found = found.model_copy(update={"ablation": ablation.kept(work)})
    _told(found, as_json)
    if out:
        pages.write(found, _sheets(found, minis, plan), out)
    if readme:
        pages.put_into(readme, pages.section(found, (out or Path("docs/distillation")).as_posix()))


def _steps(text: str) -> tuple[int, ...]:
    """Raises BadParameter for what is no list of numbers of steps."""
    try:
        found = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        found = (0,)
    if not all(1 <= steps <= 1000 for steps in found):
        raise typer.BadParameter(f"--curve is {text!r}; it takes numbers of steps from 1 to 1000, such as 1,2,4,8")
    return found


def _names(models: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in models.split(",")) if models else ()


def _told(found: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 160)
    for grid in tables.grids(found):
        console.print(grid.rich())


def _sheets(found: Report, minis: Sequence[Mini], plan: Plan) -> dict[str, bytes]:
    """A contact sheet for each world."""
    sheets = {}
    for world in found.worlds:
        columns = []
        for mini in (mini for mini in minis if mini.world.name == world.name):
            record = found.mini(mini.name)
            assert record is not None
            below = (f"{record.default.steps} steps, {record.passes} passes", f"{record.seconds.median:.2f} s")
            drawn = parts(mini, mini.default, plan.prompts, plan.work / "pictures")
            columns.append(sheet.Column(mini.spec.title, below, read(drawn)))
        prompts = next(mini.world for mini in minis if mini.world.name == world.name).prompts(plan.prompts)
        sheets[world.name] = sheet.sheet(prompts[:SHEET_ROWS], columns)
    return sheets
