"""What a report writes: a page in Markdown with its pictures, the figures as JSON, and README's part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import atomic
from errors import ConfigError
from training.report import curves, tables
from training.report.record import Report, WorldRecord

PAGE, FIGURES = "README.md", "report.json"
BEGIN = "<!-- `python -m training report --readme README.md` writes what stands from here -->"
END = "<!-- to here -->"


def write(report: Report, sheets: Mapping[str, bytes], folder: Path) -> list[Path]:
    """The page, the figures and the pictures; `sheets` are PNGs by world. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {PAGE: page(report).encode(), FIGURES: (report.model_dump_json(indent=1) + "\n").encode()}
    for world in report.worlds:
        content[sheet_name(world)] = sheets[world.name]
        if plotted := curves.plot(report, world):
            content[curves_name(world)] = plotted.encode()
    for name, found in content.items():
        atomic.write(folder / name, found)
    return [folder / name for name in content]


def sheet_name(world: WorldRecord) -> str:
    return f"sheet-{world.name}.png"


def curves_name(world: WorldRecord) -> str:
    return f"curves-{world.name}.svg"


def page(report: Report) -> str:
    """All tables and pictures."""
    head = [
        "# Does distillation pay?",
        f"Written by `python -m training report` on {report.date}, on {report.machine}. {about_run(report)}",
    ]
    for world in report.worlds:
        head.append(f"![Prompts of {world.name}, the same seeds, one mini a column]({sheet_name(world)})")
        if report.curves(world):
            head.append(f"![Quality over steps, pictures of {world.name}]({curves_name(world)})")
    parts = [f"## {grid.title}\n\n{grid.markdown()}" for grid in tables.grids(report)]
    return "\n\n".join([*head, *parts]) + "\n"


def about_run(report: Report) -> str:
    return "Every figure is of this one run, but for the last table's, which are others'."


def section(report: Report, folder: str) -> str:
    """README's part: costs and worth of each world's minis, and the goals."""
    found = [f"On {report.date}, {report.machine}; more, with curves and the ablation, in [{folder}]({folder}/{PAGE})."]
    for world in report.worlds:
        found += [f"![The same prompts and seeds across the family]({folder}/{sheet_name(world)})"]
        found += [tables.family(report, world).markdown()]
    goals = tables.goals(report)
    return "\n\n".join([*found, *([goals.markdown()] if goals.rows else [])])


def put_into(readme: Path, part: str) -> None:
    """`part` between the two marks of the file. Raises ConfigError where they are not there."""
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ConfigError(f"{readme} has no place for the report: put these two lines where it belongs: {BEGIN} {END}")
    atomic.write(readme, f"{before}{BEGIN}\n\n{part}\n\n{END}{after}".encode())
