"""`python app.py benchmark`: figures, files and exit codes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import app
from generation.settings import Preview
from measurement.events import Progress
from measurement.record import Record
from terminal.benchmark import left, phase
from tests.deployments import entry, written
from tests.interrupting import interrupted
from tests.test_app import Captured, ran
from tests.test_benchmark_record import record
from tests.tiny import Checkpoints

FAST = ("--size", "64x64", "--steps", "2", "--quick")


@pytest.fixture
def two(tmp_path: Path, checkpoints: Checkpoints) -> Path:
    """The config.yaml of a deployment with two tiny models that keeps its benchmarks, and one model that is gone."""
    models = [entry("sd", checkpoints["sd"]), entry("bk", checkpoints["bk"]), entry("gone", tmp_path / "nothing")]
    return written(tmp_path, *models, measurement={"folder": "kept"})


def kept(config: Path) -> list[Record]:
    files = sorted((config.parent / "kept").glob("*"))
    return [Record.model_validate_json(path.read_text(encoding="utf-8")) for path in files]


def test_models_on_the_disk_are_measured_kept_and_written(two: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "made.json"
    done = ran("benchmark", "--config", str(two), *FAST, "--json", str(out), "--markdown", "-")
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = kept(two)
    assert Record.model_validate_json(out.read_text(encoding="utf-8")) == record
    assert [result.model for result in record.models] == ["sd", "bk"]
    assert record.preview == Preview()
    assert "| a picture |" in done.stdout
    assert "cold load" in done.stdout
    assert "Median of 2 runs (least to most)" in done.stdout
    assert "64x64, 2 steps" in done.stdout
    assert "Beside the benchmark before" not in done.stdout
    assert app.main(["benchmark", "--config", str(two), *FAST, "--models", "bk"]) == 0
    assert "Beside the benchmark before on this machine" in capsys.readouterr().out
    assert [len(record.models) for record in kept(two)] == [2, 1]


def test_a_model_that_cannot_be_measured_exits_1_with_its_reason(two: Path, capsys: Captured) -> None:
    assert app.main(["benchmark", "--config", str(two), *FAST, "--models", "gone,sd"]) == app.FAILED
    out = capsys.readouterr().out
    assert "gone: gone: there is no folder" in out
    assert "a picture" in out


REFUSED: list[tuple[Sequence[str], str]] = [
    (["--models", "nobody"], "There is no model 'nobody'. Choose from: "),
    (["--models", "mini-sd", "--random-weights"], "The architecture of mini-sd is not known"),
    (["--models", "mini-sd", "--size", "130x128"], "Width is 130. mini-sd needs a multiple of "),
    (["--models", "mini-sd", "--size", "big"], "--size is 'big'. Give WIDTHxHEIGHT"),
    (["--models", "mini-sd", "--steps", "0"], "Steps is 0. Accepted are 1 to "),
    (["--models", "mini-sd", "--rounds", "1"], "Invalid value for '--rounds'"),
    (["--models", "mini-sd", "--device", "abacus"], "Invalid value for '--device'"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_cannot_be_measured_is_refused_before_anything_is_loaded(
    arguments: Sequence[str], said: str, capsys: Captured
) -> None:
    assert app.main(["benchmark", *arguments]) == app.BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX's terminals and signals")
def test_an_interrupt_exits_130_and_keeps_what_was_measured(two: Path) -> None:
    asked = ["--models", "sd,bk", "--size", "64x64", "--steps", 900]
    ended = interrupted("benchmark", "--config", two, *asked, at="picture, previews off")
    assert ended.code == app.INTERRUPTED
    assert "sd (1 of 2): cold load, round 1 of 3" in ended.shown
    assert "cold load" in ended.out
    assert "It was stopped" in ended.out
    (record,) = kept(two)
    assert not record.complete
    assert record.models[0].cold_load is not None
    assert record.models[0].picture is None


def test_the_line_tells_model_phase_round_and_time_left() -> None:
    given: dict[str, Any] = {"step": 3, "steps": 20, "share": 0.3, "record": record()}
    event = Progress("sdxl", 2, 3, "batch", "4", 1, 3, seconds_left=90.0, unknown=("ssd-1b",), **given)
    assert phase(event) == "sdxl (2 of 3): 4 pictures at a time, round 1 of 3"
    assert left(event) == "about 90.0 s left, then ssd-1b"
    alone = Progress("sdxl", 1, 1, "load", "", 0, 3, seconds_left=None, unknown=("sdxl",), **given)
    assert (phase(alone), left(alone)) == ("sdxl: loading", "")
