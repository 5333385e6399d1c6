"""The report's tables, for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from training.report.goals import checked
from training.report.published import published
from training.report.record import Ablation, Made, MiniRecord, Report, Spread, WorldRecord

Cell = Callable[[MiniRecord], str]


@dataclass(frozen=True)
class Grid:
    """A title, the columns' heads, the rows, and what must be known to read them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    figures: bool = True  # all but the first column are numbers

    def rich(self) -> Table:
        table = Table(title=self.title, box=box.SIMPLE_HEAD, caption="\n".join(self.notes), caption_justify="left")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if self.figures and number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Without the title."""
        rules = ["---", *["---:" if self.figures else "---"] * (len(self.columns) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.columns, rules, *self.rows)]
        return "\n".join([*lines, "", *self.notes]).rstrip()


def grids(report: Report) -> list[Grid]:
    """All of them, in the order in which they are read."""
    found = [family(report, world) for world in report.worlds]
    found += [goals(report), *(curves(report, world) for world in report.worlds)]
    found += [] if report.ablation is None else [ablation(report.ablation)]
    return [grid for grid in (*found, namesakes(report)) if grid.rows]


def family(report: Report, world: WorldRecord) -> Grid:
    """What each mini of a world costs and is worth, at its defaults."""
    minis = report.of(world)
    rows: dict[str, Cell] = {
        "parameters of the U-Net": lambda mini: millions(mini.unet_parameters),
        "parameters of all": lambda mini: millions(mini.parameters),
        "multiply–adds of a pass": lambda mini: millions(mini.multiply_adds),
        "multiply–adds of a step": lambda mini: millions(mini.multiply_adds * mini.passes_per_step),
        "steps, guidance": lambda mini: f"{mini.default.steps}, {mini.default.guidance:g}",
        "passes a step": lambda mini: f"{mini.passes_per_step}",
        "U-Net passes a picture": lambda mini: f"{mini.passes}",
        "seconds a picture": lambda mini: spread(mini.seconds),
        f"of `{minis[0].name}`'s": lambda mini: spread(mini.ratio),
        "of its processor time": lambda mini: f"{mini.processor.median:.2f}",
        **{aspect: lambda mini, aspect=aspect: percent(mini.default, aspect) for aspect in world.aspects},  # type: ignore[misc]
        "distance from drawn pictures": lambda mini: f"{mini.default.from_drawn:.2f}",
        f"distance from `{minis[0].name}`'s": lambda mini: f"{mini.default.from_teacher:.2f}",
    }
    return Grid(
        f"Pictures of {world.name}, each mini at its defaults",
        ["", *(f"`{mini.name}`" for mini in minis)],
        [[name, *map(cell, minis)] for name, cell in rows.items()],
        [explained(world, minis[0].name), f"Seconds: median (least to most) of {report.rounds} rounds in turns."],
    )


def explained(world: WorldRecord, first: str) -> str:
    """What the scores and distances are, and what chance makes of them."""
    return (
        f"Scores: {world.prompts} held-out prompts; {world.extent}. Distance: Fréchet's, as FID's, on the 32 features "
        "of a small classifier that was trained on drawings of the same kind (not Inception's: it compares with no "
        f"published FID), from {world.reference} drawings of held-out combinations, {world.prompts} pictures a model. "
        f"Drawings of the same prompts have {world.answers:.2f}, as many others {spread(world.floor)}; `{first}`'s "
        f"pictures with other seeds are {world.other_seeds:.2f} from its own. Differences below that are chance. "
        f"The classifier tells all of a held-out drawing in {100 * world.classifier:.1f} %."
    )


def goals(report: Report) -> Grid:
    rows = [(f"`{it.mini}`", it.what, it.goal, it.found, "met" if it.met else "missed") for it in checked(report)]
    return Grid("Goals", ("mini", "what", "goal", "found", ""), rows, figures=False)


def curves(report: Report, world: WorldRecord) -> Grid:
    """Quality over steps."""
    rows = [
        [
            f"`{name}`",
            f"{made.steps}",
            f"{made.steps * _mini(report, name).passes_per_step}",
            *(percent(made, aspect) for aspect in world.aspects),
            f"{made.from_drawn:.2f}",
        ]
        for name, curve in report.curves(world).items()
        for made in curve
    ]
    columns = ("", "steps", "U-Net passes", *world.aspects, "distance from drawn pictures")
    return Grid(f"Pictures of {world.name}, quality over steps", columns, rows)


def ablation(of: Ablation) -> Grid:
    """What the losses of the block method are worth."""
    rows = [
        [
            student.losses,
            f"{student.task:.4f}",
            f"{student.output:.4f}",
            *(percent(student.made, aspect) for aspect in of.aspects),
            f"{student.made.from_drawn:.2f}",
            f"{student.made.from_teacher:.2f}",
        ]
        for student in of.students
    ]
    columns = ("losses", "from v", "from the teacher's v", *of.aspects, "from drawn pictures", "from the teacher's")
    note = (
        f"Students of `{of.teacher}`, each trained for {of.steps} steps of {of.batch} pictures from the same start, "
        f"with the same pictures, captions, times and noise (seed {of.seed}), far shorter than the mini that ships. "
        "From v: mean square distance on pictures that none was trained on."
    )
    return Grid("What the losses of the block method are worth", columns, rows, [note])


def namesakes(report: Report) -> Grid:
    """Of those whose minis are there."""
    names = {mini.name for mini in report.minis}
    rows = [
        (f"`{it.mirrored}`", it.of, it.what, it.figure, f"<{it.source}>") for it in published() if it.mirrored in names
    ]
    return Grid(
        "What others have published of the big namesakes: theirs, not measured here",
        ("mini", "of", "what", "figure", "source"),
        rows,
        ["Other pictures, prompts, nets and machines: no figure of this table compares with one above."],
        figures=False,
    )


def _mini(report: Report, name: str) -> MiniRecord:
    found = report.mini(name)
    assert found is not None
    return found


def millions(count: int) -> str:
    return f"{count / 1e6:.2f} M"


def percent(made: Made, aspect: str) -> str:
    return f"{100 * made.share(aspect):.1f} %"


def spread(of: Spread) -> str:
    return f"{of.median:.2f} ({of.least:.2f} to {of.most:.2f})"
