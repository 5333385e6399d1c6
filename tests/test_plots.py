"""The points of the plots, worked out by hand."""

import pytest

from comparison.plots import VOTES, Plot, plots
from comparison.ranking import Rating
from tests.test_summary import cell, run


def rated(model: str, elo: float, votes: int = 5) -> Rating:
    return Rating(model, elo, elo - 50, elo + 60, wins=votes, ties=0, losses=0)


def only(found: list[Plot]) -> Plot:
    assert len(found) == 1
    return found[0]


def test_a_point_is_the_median_time_and_the_mean_score() -> None:
    cells = [cell(row, row, "a", seconds, load=9.0, quality={"judge": score})
             for row, (seconds, score) in enumerate(((1.0, 1.0), (2.0, 0.5), (6.0, 0.75)))]  # fmt: skip
    plot = only(plots(run(*cells)))
    (point,) = plot.points
    assert (plot.value, point.title, point.count, plot.best) == ("judge", "A", 3, ("a",))
    assert (point.seconds, point.fastest, point.slowest, point.value) == pytest.approx((2.0, 1.0, 6.0, 0.75))
    assert point.high - point.value == pytest.approx(4.30 * 0.25 / 3**0.5)
    assert point.low == pytest.approx(0.75 - (point.high - 0.75))


def test_models_are_compared_on_the_rows_that_all_have() -> None:
    record = run(
        cell(0, 0, "a", 4.0, quality={"judge": 1.0}), cell(1, 1, "a", 8.0, quality={"judge": 0.0}),
        cell(2, 0, "b", 2.0, quality={"judge": 0.5}), cell(3, 2, "b", 2.0),
    )  # fmt: skip
    plot = only(plots(record))
    assert plot.same_rows
    assert [(point.model, point.seconds, point.value, point.count) for point in plot.points] == [
        ("a", 4.0, 1.0, 1),
        ("b", 2.0, 0.5, 1),
    ]
    apart = run(cell(0, 0, "a", quality={"judge": 1.0}), cell(1, 1, "b", quality={"judge": 0.5}))
    assert not only(plots(apart)).same_rows


def test_the_best_are_those_that_no_other_beats_in_both() -> None:
    worth = {"slow": (9.0, 1.0), "fast": (1.0, 0.2), "middle": (4.0, 0.6), "beaten": (5.0, 0.6), "twin": (1.0, 0.2)}
    cells = [cell(number, 0, model, seconds, quality={"clip": score})
             for number, (model, (seconds, score)) in enumerate(worth.items())]  # fmt: skip
    assert only(plots(run(*cells))).best == ("fast", "twin", "middle", "slow")


def test_votes_stand_in_where_there_is_no_score() -> None:
    record = run(cell(0, 0, "a", 4.0), cell(1, 0, "b", 2.0), cell(2, 0, "c", 1.0))
    plot = only(plots(record, [rated("b", 1100), rated("a", 900), rated("c", 1000, votes=0), rated("gone", 1200)]))
    assert (plot.value, plot.best) == (VOTES, ("b",))
    assert [(point.model, point.value, point.low, point.high, point.count) for point in plot.points] == [
        ("a", 900, 850, 960, 5),
        ("b", 1100, 1050, 1160, 5),
    ]
    assert plots(record) == []


def test_the_judge_comes_first_then_clip_then_the_votes() -> None:
    record = run(cell(0, 0, "a", quality={"clip": 0.3, "judge": 1.0}), cell(1, 0, "b", quality={"clip": 0.2}))
    assert [plot.value for plot in plots(record, [rated("a", 1000)])] == ["judge", "clip", VOTES]
