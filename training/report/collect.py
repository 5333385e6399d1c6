"""One run: pictures that are not there yet are made, all are judged, costs are counted, seconds measured in turns."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import torch
from rich.progress import Progress

from benchmarks.ratio import Costs, Ratio
from judging.drawing import Pixels
from models.device import choose, cpu_name
from models.loading import Loaded
from training.report import classifier as classifiers
from training.report.costs import counted, seconds
from training.report.frechet import Gaussian, frechet
from training.report.goals import steps_needed
from training.report.minis import Mini, Setting, load, teacher
from training.report.record import Made, MiniRecord, Report, Spread, WorldRecord
from training.report.sampling import drawing, missing, parts, read
from training.report.worlds import World

OTHER_SEEDS = 1_000_000  # first one of pictures that differ from the teacher's by chance alone
REFERENCE = 2000  # drawn pictures that distances are measured from
FLOORS = 5  # other sets of drawings that show how far chance alone leads


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything, and where it is kept."""

    prompts: int
    curve: tuple[int, ...]  # steps
    rounds: int  # of measuring seconds
    device: str
    processes: int
    classifier_steps: int
    work: Path


def settings(minis: Sequence[Mini], curve: Sequence[int]) -> dict[str, list[Setting]]:
    """What each is to draw: its default first, then what the goals, the curves and the floor of distances need."""
    found = {}
    for mini in minis:
        first = teacher(mini, minis)
        steps = steps_needed(mini.name)
        quick = [it for it in minis if it.world is mini.world and it.default.steps < first.default.steps]
        if mini in quick or (mini is first and quick):  # of the others more and fewer steps tell nothing new
            steps |= set(curve)
        wanted = [mini.default, *map(mini.at, sorted(steps))]
        if mini is first:
            wanted.append(mini.at(mini.default.steps, OTHER_SEEDS))
        found[mini.name] = list(dict.fromkeys(wanted))
    return found


def draw_missing(minis: Sequence[Mini], wanted: Mapping[str, Sequence[Setting]], plan: Plan, bar: Progress) -> None:
    """Make the pictures that no earlier run has kept. Stopped at any moment, the next run goes on from there."""
    folder = plan.work / "pictures"
    all_parts = [part for mini in minis for it in wanted[mini.name] for part in parts(mini, it, plan.prompts, folder)]
    todo = missing(all_parts)
    task = bar.add_task("batches of pictures", total=len(all_parts), completed=len(all_parts) - len(todo))
    if todo:
        with drawing(plan.processes, plan.device) as draw:
            for _ in draw(todo):
                bar.advance(task)


class Judge:
    """Tells of a world's pictures what is right and how far they are from others."""

    def __init__(self, world: World, plan: Plan, bar: Progress) -> None:
        self.world, self._plan = world, plan
        self.net = classifiers.classifier(world, plan.work, bar, plan.classifier_steps)

    def pictures(self, mini: Mini, setting: Setting) -> list[Pixels]:
        return read(parts(mini, setting, self._plan.prompts, self._plan.work / "pictures"))

    def made(self, mini: Mini, setting: Setting, beside: Gaussian) -> Made:
        """What the pictures are worth; `beside` is the teacher's."""
        found = self.pictures(mini, setting)
        fitted = self.fitted(found)
        return Made(
            steps=setting.steps,
            guidance=setting.guidance,
            seed=setting.seed,
            marks=dict(self.world.marks(found)),
            from_drawn=frechet(fitted, self.reference),
            from_teacher=frechet(fitted, beside),
        )

    def fitted(self, pictures: Sequence[Pixels]) -> Gaussian:
        return Gaussian.of(classifiers.features(self.net, pictures))

    @cached_property
    def reference(self) -> Gaussian:
        """Of REFERENCE drawings, a few at a time."""
        sets = (self.world.drawn(REFERENCE // 10, 100 + number, judging=True)[0] for number in range(10))
        return Gaussian.of(torch.cat([classifiers.features(self.net, drawn) for drawn in sets]))

    def record(self, first: Mini) -> WorldRecord:
        """What chance alone makes of the distances; `first` is the teacher."""
        count = self._plan.prompts
        sets = (self.world.drawn(count, 2 + number, judging=True)[0] for number in range(FLOORS))
        other = self.fitted(self.pictures(first, first.at(first.default.steps, OTHER_SEEDS)))
        return WorldRecord(
            name=self.world.name,
            prompts=count,
            aspects=self.world.aspects,
            extent=self.world.extent,
            classifier=classifiers.accuracy(self.net, self.world),
            reference=REFERENCE,
            answers=frechet(self.fitted(self.world.answers(count)), self.reference),
            floor=Spread.of(frechet(self.fitted(drawn), self.reference) for drawn in sets),
            other_seeds=frechet(other, self.fitted(self.pictures(first, first.default))),
        )


def collect(minis: Sequence[Mini], plan: Plan, bar: Progress) -> Report:
    """The whole report but for the ablation. Raises ConfigError for a device that is not there."""
    loaded = {mini.name: load(mini, plan.device) for mini in minis}
    wanted = settings(minis, plan.curve)
    draw_missing(minis, wanted, plan, bar)
    judges = {name: Judge(world, plan, bar) for name, world in worlds(minis).items()}
    task = bar.add_task("pictures timed in turns", total=plan.rounds * len(minis))
    spent = seconds([(mini, loaded[mini.name]) for mini in minis], plan.rounds, lambda _: bar.advance(task))
    records = []
    for mini in bar.track(minis, description="judging"):
        first = teacher(mini, minis)
        records.append(record(mini, first, judges[mini.world.name], wanted[mini.name], loaded[mini.name], spent))
    firsts = dict.fromkeys(teacher(mini, minis).name for mini in minis)
    return Report(
        date=f"{datetime.now(timezone.utc):%Y-%m-%d}",
        machine=machine(plan.device),
        rounds=plan.rounds,
        minis=tuple(records),
        worlds=tuple(judges[mini.world.name].record(mini) for mini in minis if mini.name in firsts),
    )


def worlds(minis: Iterable[Mini]) -> dict[str, World]:
    """By name, those that the minis draw."""
    return {mini.world.name: mini.world for mini in minis}


def record(
    mini: Mini, first: Mini, judge: Judge, wanted: Sequence[Setting], loaded: Loaded, spent: Costs
) -> MiniRecord:
    beside = judge.fitted(judge.pictures(first, first.default))
    default, *others = (judge.made(mini, setting, beside) for setting in wanted)
    costs = counted(loaded, mini.world.prompts(1)[0], mini.default)
    took = Ratio(mini.name, spent[mini.name], spent[first.name])
    processor = [mine.processor / its.processor for mine, its in zip(took.subject, took.base, strict=True)]
    return MiniRecord(
        name=mini.name,
        title=mini.spec.title,
        fingerprint=mini.fingerprint,
        world=mini.world.name,
        teacher=first.name,
        unet_parameters=costs.unet_parameters,
        parameters=costs.parameters,
        multiply_adds=costs.multiply_adds,
        passes_per_step=costs.passes_per_step,
        passes=costs.passes,
        seconds=Spread.of(one.wall for one in took.subject),
        ratio=Spread.of(took.rounds),
        processor=Spread.of(processor),
        default=default,
        others=tuple(others),
    )


def machine(device: str) -> str:
    """What was measured on, in words."""
    on = choose(device)
    hardware = on.name if on.kind != "cpu" else f"{cpu_name()}, {torch.get_num_threads()} threads"
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers"))
    return f"{hardware}, {platform.system()}, Python {platform.python_version()}, {versions}"
