"""Ratings from votes: cases worked out by hand, strengths that were known, and how sure a ranking is."""

import math
import random

import pytest

from comparison.ranking import MEAN, POINTS, PRIOR, Rating, counted, fitted, ranking
from comparison.votes import Outcome, Vote


def vote(left: str, right: str, outcome: Outcome) -> Vote:
    return Vote(run="r", row=0, left=left, right=right, outcome=outcome, created=0.0)


def votes(left: str, right: str, wins: int, ties: int = 0, losses: int = 0) -> list[Vote]:
    outcomes = [Outcome.LEFT] * wins + [Outcome.TIE] * ties + [Outcome.RIGHT] * losses
    return [vote(left, right, outcome) for outcome in outcomes]


def by_model(found: list[Rating]) -> dict[str, Rating]:
    return {rating.model: rating for rating in found}


def test_three_to_one_is_what_elo_says_it_is() -> None:
    good, bad = ranking(votes("good", "bad", 30_000, 0, 10_000))
    assert good.model == "good"
    assert good.elo - bad.elo == pytest.approx(400 * math.log10(3), abs=0.1)
    assert good.elo + bad.elo == pytest.approx(2 * MEAN)


def test_a_third_of_ties_between_equals_by_hand() -> None:
    # b = 0 and t = 0 solve the equations whatever the prior: every outcome is expected in a third of the votes.
    at, covariance = fitted(counted(votes("a", "b", 40, 40, 40), ["a", "b"]))
    assert at == pytest.approx([0, 0, 0], abs=1e-9)
    # With d = b_a - b_b the three outcomes say d/2, -d/2 and 0 of it: information 120 * (1/4 + 1/4) / 3 = 20. The prior
    # of d has variance 2 * PRIOR^2.
    difference = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert difference == pytest.approx(1 / (20 + 1 / (2 * PRIOR**2)))


def test_one_vote_does_not_explode() -> None:
    # With d = b_a - b_b, no ties and t far below, d solves d / (2 PRIOR^2) = 1 - p(d) by hand; ties weaken it.
    better, worse = ranking(votes("a", "b", 1))
    assert 0 < better.elo - worse.elo < 250
    assert better.low < worse.elo
    assert better.votes == worse.votes == 1
    assert (better.wins, worse.losses) == (1, 1)


def test_the_side_does_not_matter() -> None:
    one = ranking(votes("a", "b", 5, 2, 1))
    other = ranking(votes("b", "a", 1, 2, 5))
    assert [it.model for it in one] == [it.model for it in other] == ["a", "b"]
    assert [it.elo for it in one] == pytest.approx([it.elo for it in other])


def test_known_strengths_are_found_again() -> None:
    rng = random.Random(4)
    strengths, tie = {"a": 1.2, "b": 0.3, "c": -0.3, "d": -1.2}, -0.5
    cast = []
    for _ in range(6000):
        left, right = rng.sample(list(strengths), 2)
        scores = strengths[left], strengths[right], tie + (strengths[left] + strengths[right]) / 2
        cast.append(vote(left, right, *rng.choices(list(Outcome), [math.exp(score) for score in scores])))
    found = by_model(ranking(cast))
    for name, strength in strengths.items():
        assert found[name].elo == pytest.approx(MEAN + POINTS * strength, abs=20)
        assert found[name].low < MEAN + POINTS * strength < found[name].high


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    strengths = {"a": 0.6, "b": 0.0, "c": -0.6}
    rng = random.Random(8)
    held = total = 0
    for _ in range(60):
        cast = []
        for _ in range(150):
            left, right = rng.sample(list(strengths), 2)
            wins = rng.random() < 1 / (1 + math.exp(strengths[right] - strengths[left]))
            cast.append(vote(left, right, Outcome.LEFT if wins else Outcome.RIGHT))
        for rating in ranking(cast):
            held += rating.low < MEAN + POINTS * strengths[rating.model] < rating.high
            total += 1
    assert 0.9 <= held / total <= 1.0


def test_more_votes_make_it_surer() -> None:
    few, many = (by_model(ranking(votes("a", "b", 6 * n, n, 3 * n)))["a"] for n in (1, 16))
    assert few.high - few.low > 2.5 * (many.high - many.low)


def test_a_model_without_votes_comes_last_and_says_nothing() -> None:
    found = ranking(votes("a", "b", 1, 0, 30), ["new", "a", "b"])
    assert [it.model for it in found] == ["b", "a", "new"]
    assert found[-1].votes == 0
    assert found[-1].low < MEAN - POINTS * PRIOR < MEAN + POINTS * PRIOR < found[-1].high
    assert ranking([]) == []


def test_a_winner_of_everything_stays_finite() -> None:
    found = ranking(votes("a", "b", 500))
    assert all(math.isfinite(value) for it in found for value in (it.elo, it.low, it.high))
    assert found[0].low > found[1].high
