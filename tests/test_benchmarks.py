"""How the benchmarks measure; what they find is printed by `make bench`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import gallery_size
from benchmarks.__main__ import command
from benchmarks.ratio import Ratio, Spent, interleaved, measured


def spent(*seconds: float) -> list[Spent]:
    return [Spent(wall, 2 * wall) for wall in seconds]


def test_a_ratio_compares_round_by_round() -> None:
    ratio = Ratio("slow / fast", subject=spent(2.0, 30.0, 4.2), base=spent(1.0, 10.0, 2.0))
    assert ratio.rounds == [2.0, 3.0, pytest.approx(2.1)]
    assert ratio.median == pytest.approx(2.1)
    assert (ratio.seconds, ratio.base_seconds) == (4.2, 2.0)
    assert ratio.processor == pytest.approx(2.1)


def test_cases_take_turns_and_are_warm_when_the_clock_runs() -> None:
    ran: list[str] = []
    cases = {name: lambda name=name: ran.append(name) for name in "abc"}
    assert [name for name, _ in interleaved(cases, 2)] == ["a", "b", "c", "b", "c", "a"]
    assert ran == ["a", "b", "c", *"abc", *"bca"]


def test_every_round_is_kept_and_told() -> None:
    told: list[str] = []
    seconds = measured({"nothing": lambda: None}, 3, told.append)
    assert len(seconds["nothing"]) == 3
    assert [line.partition(":")[0] for line in told] == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]


def test_a_gallery_of_rows_answers_every_question(tmp_path: Path) -> None:
    gallery = gallery_size.filled(tmp_path, 1200, lambda line: None)
    answers = {name: case() for name, case in gallery_size.cases(gallery).items()}
    gallery.close()
    choices = answers.pop("choices of the filters")
    assert "ssd-1b" in str(choices)
    assert all('class="tile"' in str(several) for several in answers.values())


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["warp"])
    assert done.exit_code == 2
    assert "choose from mini, app, start, gallery" in done.output


def test_figures_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Ratio("app / bare", spent(1.1, 1.0), spent(1.0, 1.0), goal=1.05)]
    monkeypatch.setattr("benchmarks.__main__._ratios", lambda *_: iter(found))
    done = CliRunner().invoke(command, ["app", "--device", "cpu", "--json", str(tmp_path / "it.json")])
    assert done.exit_code == 0, done.output
    assert "1.05 met" in done.output
    assert "torch" in done.output
    (ratio,) = json.loads((tmp_path / "it.json").read_text())["ratios"]
    assert (ratio["median"], ratio["rounds"], ratio["goal"]) == (1.05, [1.1, 1.0], 1.05)
