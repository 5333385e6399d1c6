"""From votes to a ranking: how strong each model is on the Elo scale, and how sure that is.

Bradley and Terry's model with Davidson's ties ("On extending the Bradley-Terry model to accommodate ties in paired
comparison experiments", JASA 65, 1970): for strengths exp(b), i beats j, j beats i and they tie in the proportions
exp(b_i) : exp(b_j) : exp(t + (b_i + b_j) / 2). The logarithm of its likelihood is concave, so Newton's method finds
the one maximum. A normal prior on every b and on t keeps few votes from exploding; intervals are from the information
observed there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comparison.votes import Outcome, Vote

MEAN = 1000.0  # Elo of the average model
POINTS = 400 / math.log(10)  # Elo per unit of b: ten to one is 400
PRIOR = 1.5  # standard deviation of b and t, 260 Elo: what one vote is worth
SURE = 1.959964  # standard deviations to each side that hold 95 %
CLOSE = 1e-9  # a step of Newton's shorter than this is the last

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rating:
    """A model's strength by the votes so far."""

    model: str
    elo: float
    low: float  # with 95 % probability it is between these two
    high: float
    wins: int
    ties: int
    losses: int

    @property
    def votes(self) -> int:
        return self.wins + self.ties + self.losses


def ranking(votes: Iterable[Vote], models: Sequence[str] = ()) -> list[Rating]:
    """All models that were voted on, and `models` too: the strongest first, those without a vote last."""
    votes = list(votes)
    names = list(dict.fromkeys([*models, *(name for vote in votes for name in (vote.left, vote.right))]))
    if not names:
        return []
    counts = counted(votes, names)
    elo, deviation = _elo(*fitted(counts))
    ratings = [
        Rating(
            name,
            float(elo[i]),
            float(elo[i] - SURE * deviation[i]),
            float(elo[i] + SURE * deviation[i]),
            int(counts[i, :, 0].sum()),
            int(counts[i, :, 1].sum()),
            int(counts[:, i, 0].sum()),
        )
        for i, name in enumerate(names)
    ]
    return sorted(ratings, key=lambda it: (it.votes == 0, -it.elo))


def counted(votes: Iterable[Vote], names: Sequence[str]) -> Numbers:
    """(models, models, 2): how often i won against j, and how often they tied, the latter at [i, j] and at [j, i]."""
    at = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names), 2))
    for vote in votes:
        left, right = at[vote.left], at[vote.right]
        if vote.outcome is Outcome.TIE:
            counts[left, right, 1] += 1
            counts[right, left, 1] += 1
        else:
            counts[(left, right, 0) if vote.outcome is Outcome.LEFT else (right, left, 0)] += 1
    return counts


def fitted(counts: Numbers) -> tuple[Numbers, Numbers]:
    """The most probable (b…, t), and its covariance: the inverse of the observed information."""
    said, shown = _table(counts)
    at = np.zeros(said.shape[-1])
    while True:
        gradient, information = _slopes(at, said, shown)
        step = np.linalg.solve(information, gradient)
        # Far from the maximum a whole step may lead too far.
        now = _density(at, said, shown)
        while _density(at + step, said, shown) < now - 1e-12 * abs(now):
            step = step / 2
        at = at + step
        if np.abs(step).max() < CLOSE:
            return at, np.asarray(np.linalg.inv(information), np.float64)


def _table(counts: Numbers) -> tuple[Numbers, Numbers]:
    """What the outcomes of each pair say of (b…, t), (pairs, 3, models + 1), and how often they came, (pairs, 3)."""
    models = len(counts)
    pairs = [(i, j) for i in range(models) for j in range(i) if counts[i, j].any() or counts[j, i].any()]
    said, shown = np.zeros((len(pairs), 3, models + 1)), np.zeros((len(pairs), 3))
    for number, (i, j) in enumerate(pairs):
        said[number, 0, i] = said[number, 1, j] = said[number, 2, -1] = 1
        said[number, 2, [i, j]] = 0.5
        shown[number] = counts[i, j, 0], counts[j, i, 0], counts[i, j, 1]
    return said, shown


def _density(at: Numbers, said: Numbers, shown: Numbers) -> float:
    """The logarithm of the posterior, up to a constant."""
    score = said @ at  # (pairs, 3)
    return float((shown * (score - _total(score))).sum() - (at**2).sum() / (2 * PRIOR**2))


def _slopes(at: Numbers, said: Numbers, shown: Numbers) -> tuple[Numbers, Numbers]:
    """The gradient of `_density`, and the negative of its second derivatives."""
    score = said @ at
    expected = np.exp(score - _total(score)) * shown.sum(1, keepdims=True)  # (pairs, 3)
    gradient = np.einsum("po,pom->m", shown - expected, said) - at / PRIOR**2
    mean = np.einsum("po,pom->pm", expected, said) / np.maximum(1, shown.sum(1, keepdims=True))
    away = said - mean[:, None]
    information = np.einsum("po,pom,pon->mn", expected, away, away) + np.eye(len(at)) / PRIOR**2
    return gradient, information


def _total(score: Numbers) -> Numbers:
    total: Numbers = np.logaddexp.reduce(score, axis=1, keepdims=True)
    return total


def _elo(at: Numbers, covariance: Numbers) -> tuple[Numbers, Numbers]:
    """Ratings around MEAN, and their standard deviations."""
    models = len(at) - 1
    centred = np.eye(models) - 1 / models
    spread = centred @ covariance[:-1, :-1] @ centred
    return MEAN + POINTS * (centred @ at[:-1]), POINTS * np.sqrt(np.maximum(0, spread.diagonal()))
