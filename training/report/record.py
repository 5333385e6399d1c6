"""What a report has measured: plain, frozen, as JSON and back."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path

from models.spec import Data
from training.report.minis import Setting
from training.report.worlds import NOT_ASKED, RIGHT


class Spread(Data):
    """Of several measurements of the same."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = list(values)
        return cls(median=statistics.median(found), least=min(found), most=max(found))


class Made(Data):
    """What the pictures of the held-out prompts at one setting are worth."""

    steps: int
    guidance: float
    seed: int
    marks: dict[str, str]  # see worlds.Marks
    from_drawn: float  # distance from drawn pictures
    from_teacher: float  # distance from the teacher's at its defaults, with the same prompts and seeds

    @property
    def setting(self) -> Setting:
        return Setting(self.steps, self.guidance, self.seed)

    def share(self, aspect: str) -> float:
        """Of the pictures in which it was asked for, those where it is right; 0 to 1."""
        asked = self.marks[aspect].replace(NOT_ASKED, "")
        return asked.count(RIGHT) / max(1, len(asked))

    def changed(self, other: Made, aspect: str) -> tuple[int, int]:
        """Prompts that only this one got right, and those that only the other did."""
        pairs = list(zip(self.marks[aspect], other.marks[aspect], strict=True))
        return sum(mine > theirs for mine, theirs in pairs), sum(theirs > mine for mine, theirs in pairs)


class MiniRecord(Data):
    """One mini."""

    name: str
    title: str
    fingerprint: str
    world: str
    teacher: str  # itself where it is the one that the others are measured by
    unet_parameters: int
    parameters: int  # of all that is loaded
    multiply_adds: int  # of one pass of the U-Net for one picture
    passes_per_step: int  # 2 with guidance, 1 where the net takes the guidance scale as an input
    passes: int  # of a picture at the defaults, counted
    seconds: Spread  # of a picture at the defaults
    ratio: Spread  # of these to the teacher's in the same round
    processor: Spread  # the same ratio of processor time, which other programs disturb less
    default: Made
    others: tuple[Made, ...]  # other steps, other seeds

    def at(self, steps: int | None) -> Made | None:
        """Its pictures in so many steps at its own guidance (None: at its defaults); None if there are none."""
        if steps is None:
            return self.default
        same = (self.default.guidance, self.default.seed)
        return next(
            (it for it in (self.default, *self.others) if (it.steps, it.guidance, it.seed) == (steps, *same)), None
        )

    def passes_in(self, steps: int) -> int:
        """Of the U-Net, for one picture in so many steps of a first-order sampler."""
        return steps * self.passes_per_step


class WorldRecord(Data):
    """What the minis of a world are judged by."""

    name: str
    prompts: int
    aspects: tuple[str, ...]
    extent: str
    classifier: float  # share of held-out drawings of which it tells everything right
    reference: int  # drawn pictures that the distance is measured from
    answers: float  # distance of drawings of the very prompts: what perfect pictures would have
    floor: Spread  # distance of as many drawings of other prompts
    other_seeds: float  # distance of the teacher's pictures with other seeds from its own


class Ablated(Data):
    """A student of one combination of losses."""

    losses: str
    task: float  # mean square distance from v on pictures that it was not trained on
    output: float  # the same from the teacher's prediction
    made: Made


class Ablation(Data):
    """Students of the block method, trained alike but for their losses."""

    teacher: str
    aspects: tuple[str, ...]  # of its world
    steps: int
    batch: int
    seed: int
    students: tuple[Ablated, ...]


class Report(Data):
    """One run."""

    date: str
    machine: str
    rounds: int  # in which seconds were measured
    minis: tuple[MiniRecord, ...]
    worlds: tuple[WorldRecord, ...]
    ablation: Ablation | None = None  # None: none was made

    def mini(self, name: str) -> MiniRecord | None:
        return next((mini for mini in self.minis if mini.name == name), None)

    def of(self, world: WorldRecord) -> list[MiniRecord]:
        """Its minis, the teacher first."""
        return [mini for mini in self.minis if mini.world == world.name]

    def curves(self, world: WorldRecord) -> dict[str, list[Made]]:
        """By name, the pictures of those minis that were tried with several numbers of steps, from fewest to most."""
        found = {}
        for mini in self.of(world):
            same = (mini.default.guidance, mini.default.seed)
            tried = [it for it in (mini.default, *mini.others) if (it.guidance, it.seed) == same]
            if len(tried) > 1:
                found[mini.name] = sorted(tried, key=lambda it: it.steps)
        return found


def read(path: Path) -> Report:
    """One that was written before."""
    return Report.model_validate_json(path.read_bytes())
