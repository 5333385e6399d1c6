"""What the family was made to reach, checked against what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from training.report.record import Made, MiniRecord, Report


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Of one mini beside another. None: at the defaults, or not asked for."""

    mini: str
    against: str
    steps: int | None = None
    against_steps: int | None = None
    points: float  # of each judge score that it may lose; 0: at or above
    parameters: float | None = None  # of the U-Net, as a share of the other's, at most
    seconds: float | None = None  # of a picture at the defaults, likewise
    passes: float | None = None  # times fewer of the U-Net for a picture, at least


GOALS = (
    Goal(mini="mini-bk-sdm", against="mini-sd", points=3, parameters=2 / 3, seconds=2 / 3),
    Goal(mini="mini-turbo", against="mini-sd", steps=4, against_steps=30, points=3, passes=12),
    Goal(mini="mini-snap", against="mini-sd", steps=8, against_steps=50, points=0),
)
ROUNDING = 1e-9


@dataclass(frozen=True)
class Checked:
    """One figure of a goal."""

    mini: str
    what: str
    goal: str
    found: str
    met: bool


def steps_needed(name: str) -> set[int]:
    """By the goals, of that mini, beside its default."""
    asked = {goal.steps for goal in GOALS if goal.mini == name}
    others = {goal.against_steps for goal in GOALS if goal.against == name}
    return {steps for steps in asked | others if steps}


def checked(report: Report) -> list[Checked]:
    """Every goal whose two minis are there."""
    found: list[Checked] = []
    for goal in GOALS:
        mini, other = report.mini(goal.mini), report.mini(goal.against)
        if mini and other:
            found += [*_costs(goal, mini, other), *_quality(goal, mini, other, report)]
    return found


def _costs(goal: Goal, mini: MiniRecord, other: MiniRecord) -> Iterator[Checked]:
    if goal.parameters is not None:
        share = mini.unet_parameters / other.unet_parameters
        all_of_it = mini.parameters / other.parameters
        yield Checked(
            mini.name,
            f"parameters of the U-Net / {other.name}'s",
            f"≤ {goal.parameters:.2f}",
            f"{share:.2f} (of all that is loaded: {all_of_it:.2f})",
            share <= goal.parameters + ROUNDING,
        )
    if goal.seconds is not None:
        ratio = mini.ratio
        yield Checked(
            mini.name,
            f"seconds of a picture / {other.name}'s",
            f"≤ {goal.seconds:.2f}",
            f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.most:.2f}; processor time {mini.processor.median:.2f})",
            ratio.median <= goal.seconds + ROUNDING,
        )
    if goal.passes is not None:
        fewer = other.passes_in(_steps(goal.against_steps, other)) / mini.passes_in(_steps(goal.steps, mini))
        yield Checked(
            mini.name,
            f"times fewer U-Net passes a picture than {other.name}",
            f"≥ {goal.passes:g}",
            f"{fewer:.1f}",
            fewer >= goal.passes - ROUNDING,
        )


def _quality(goal: Goal, mini: MiniRecord, other: MiniRecord, report: Report) -> Iterator[Checked]:
    ours, theirs = mini.at(goal.steps), other.at(goal.against_steps)
    if not (ours and theirs):  # of a mini that was measured before the goal asked for those steps
        return
    aspects = next(world.aspects for world in report.worlds if world.name == mini.world)
    for aspect in aspects:
        yield _compared(goal, mini.name, other.name, ours, theirs, aspect)


def _compared(goal: Goal, name: str, other: str, ours: Made, theirs: Made, aspect: str) -> Checked:
    mine, its = 100 * ours.share(aspect), 100 * theirs.share(aspect)
    gained, lost = ours.changed(theirs, aspect)
    return Checked(
        name,
        f"{aspect}, {ours.steps} steps, {other}'s in {theirs.steps}",
        f"at most {goal.points:g} points less" if goal.points else "at or above",
        f"{mine:.1f} %, {its:.1f} % ({mine - its:+.1f}; right only here {gained}, only there {lost})",
        mine >= its - goal.points - ROUNDING,
    )


def _steps(asked: int | None, mini: MiniRecord) -> int:
    return mini.default.steps if asked is None else asked
