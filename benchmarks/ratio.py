"""Two ways of doing something, measured in turns, and how they compare."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Cases = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Spent:
    """What one run of a case took."""

    wall: float  # seconds
    processor: float  # seconds of all threads, and of processes that were started and have ended


Costs = Mapping[str, Sequence[Spent]]  # by case, one for each round


@dataclass(frozen=True)
class Ratio:
    """`subject` over `base`, round by round: both ran within seconds of each other, whatever else the machine did."""

    name: str
    subject: Sequence[Spent]  # one for each round
    base: Sequence[Spent]
    goal: float | None = None  # at most

    @property
    def seconds(self) -> float:
        return statistics.median(spent.wall for spent in self.subject)

    @property
    def base_seconds(self) -> float:
        return statistics.median(spent.wall for spent in self.base)

    @property
    def rounds(self) -> list[float]:
        return [subject.wall / base.wall for subject, base in zip(self.subject, self.base, strict=True)]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def processor(self) -> float:
        """The same of processor time, which other programs disturb less; without meaning where a GPU does the work."""
        pairs = zip(self.subject, self.base, strict=True)
        return statistics.median(subject.processor / base.processor for subject, base in pairs)


def interleaved(cases: Cases, rounds: int) -> Iterator[tuple[str, Spent]]:
    """Time every case once in each round, starting with another one each time; each is run once before, untimed."""
    for run in cases.values():
        run()
    names = list(cases)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            began, used = time.perf_counter(), _processor()
            cases[name]()
            yield name, Spent(time.perf_counter() - began, _processor() - used)


def _processor() -> float:
    """Seconds so far, of this process finer than os.times() has them."""
    return time.process_time() + sum(os.times()[2:4])


def measured(cases: Cases, rounds: int, tell: Callable[[str], None]) -> Costs:
    """What every case took in every round; `tell` hears of each."""
    costs: dict[str, list[Spent]] = {name: [] for name in cases}
    for name, spent in interleaved(cases, rounds):
        costs[name].append(spent)
        tell(f"round {len(costs[name])} of {rounds}: {name} {spent.wall:.2f} s")
    return costs
