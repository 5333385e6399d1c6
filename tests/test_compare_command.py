"""`python app.py compare`: pictures into a folder, a recipe that makes them again, and what came out the same."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from PIL import Image

import app
from comparison.record import RunRecord, State, Verdict
from terminal.compared import told
from tests.interrupting import interrupted
from tests.serving import two_models
from tests.test_app import ROOT, Captured, made, ran
from tests.tiny import Checkpoints

EXPORTS = ["data.json", "recipe.json", "report.html", "run.json", "sheet.png", "table.csv"]
PROMPTS = ("--prompt", "a red circle on a white background", "--prompt", "a blue square on a yellow background")


@pytest.fixture
def two(tmp_path: Path, checkpoints: Checkpoints) -> Path:
    return two_models(tmp_path, checkpoints["sd"])


def test_the_embedded_model_replays_its_recipe_byte_identically(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = ran("compare", *PROMPTS, "--models", "mini-sd", "--seed", "7", "--steps", "3", "--out", str(first))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{first}: 2 of 2 pictures; report.html shows them, recipe.json makes them again elsewhere." in done.stdout
    assert made(first) == ["0000.png", "0001.png", *EXPORTS]
    again = ran("compare", str(first / "recipe.json"), "--out", str(second), "--json")
    assert (again.returncode, again.stderr) == (0, "")
    cells = json.loads(again.stdout)["cells"]
    assert [cell["verdict"]["same"] for cell in cells] == ["bytes", "bytes"]
    for file in ("0000.png", "0001.png", "recipe.json"):
        assert (first / file).read_bytes() == (second / file).read_bytes()


def compared(two: Path, *arguments: str) -> int:
    return app.main(["compare", *arguments, "--config", str(two)])


def test_what_differs_is_told_and_is_no_failure(two: Path, tmp_path: Path, capsys: Captured) -> None:
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    assert compared(two, "--prompt", "a cat", "--seed", "1", "--size", "64x64", "--out", first) == 0
    recipe = tmp_path / "first" / "recipe.json"
    said = json.loads(recipe.read_text())
    one, other = (cell["expected"] for cell in said["cells"])
    one.update(reference=other["reference"], sha256="0" * 64, pixels_sha256="0" * 64)
    other.update(sha256="0" * 64)
    recipe.write_text(json.dumps(said))
    capsys.readouterr()
    assert compared(two, str(recipe), "--out", second) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("tiny" in line and "differs by" in line and " dB" in line for line in lines)
    assert any("plain" in line and "same pixels, another file" in line for line in lines)
    assert lines[-1] == f"{second}: 2 of 2 pictures, 0 byte-identical, 1 with the same pixels."


def test_a_picture_that_cannot_be_made_exits_1_and_the_others_are_made(
    two: Path, tmp_path: Path, capsys: Captured
) -> None:
    asked = ("--prompt", "a cat", "--seed", "1", "--size", "64x64", "--steps", "9")
    assert compared(two, *asked, "--out", str(tmp_path / "out")) == app.FAILED
    assert "failed: Steps is 9. Accepted are 1 to 8" in capsys.readouterr().out
    assert made(tmp_path / "out") == ["0000.png", *EXPORTS]
    assert compared(two, str(tmp_path / "out" / "recipe.json"), "--out", str(tmp_path / "again")) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "There is nothing to compare. Give --prompt, or name a recipe."),
        (["none.json"], "none.json cannot be read (No such file or directory). Name a recipe."),
        (["config.yaml"], "This is not a recipe of a comparison: the file: Invalid JSON"),
        (["recipe.json", "--prompt", "a"], "A recipe tells already what is made."),
        (["--prompt", "a", "--models", "gone"], "There is no model 'gone'. Choose from: tiny, plain."),
        (["--prompt", "a", "--models", "tiny,tiny"], "tiny is named twice"),
        (["--prompt", "a", "--steps", "0"], "Steps is 0. Accepted are 1 to 1000"),
        (["--prompt", "a", "--seed", "-1"], "Seed is -1. All models get the same seed"),
        (["--prompt", "a", "--guidance", "nan"], "guidance_scales is nan: Input should be a finite number."),
        (["--prompt", "a\udcffb"], "Prompt holds the control character U+DCFF."),
        (["--prompt", "a", "--size", "64"], "--size is '64'. Give WIDTHxHEIGHT"),
        (["--prompt", "a", "--out", "x.png"], "--out is x.png. A comparison has several files; name a folder."),
        (["--prompt", "a", "--out", "held"], "run.json cannot be read. Name another folder"),
        (["--prompt", "a", *(f"--seed={seed}" for seed in range(101))], "This comes to 202 pictures. At most 200"),
    ],
)
def test_bad_input_exits_2_with_one_line(
    two: Path, tmp_path: Path, arguments: Sequence[str], said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "run.json").write_text("{}")
    assert compared(two, *arguments) == app.BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert made(tmp_path / "comparison") == []


def test_a_killed_comparison_is_gone_on_with_where_it_was(two: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "out"
    asked = ["--prompt", "a cat", "--size", "64x64", "--steps", "2", *(f"--seed={seed}" for seed in range(15))]
    command: list[Any] = [sys.executable, ROOT / "app.py", "compare", *asked, "--out", out, "--config", two]
    with subprocess.Popen(command, stdout=PIPE) as running:
        while len(made(out)) < 8:
            time.sleep(0.01)
        running.kill()
    before = RunRecord.model_validate_json((out / "run.json").read_bytes())
    pictures = {cell.picture.file: cell.picture.sha256 for cell in before.cells if cell.picture}
    assert 4 < len(pictures) < 30
    assert {hashlib.sha256((out / file).read_bytes()).hexdigest() for file in pictures} == set(pictures.values())
    assert compared(two, *asked, "--out", str(out)) == app.BAD_INPUT
    assert "holds a comparison already. Name another --out, or it alone to go on." in capsys.readouterr().err
    assert compared(two, "--out", str(out)) == 0
    assert "30 of 30 pictures" in capsys.readouterr().out
    after = RunRecord.model_validate_json((out / "run.json").read_bytes())
    assert {cell.state for cell in after.cells} == {State.DONE}
    assert [cell for cell in after.cells if cell.picture and cell.picture.file in pictures] == [
        cell for cell in before.cells if cell.picture
    ]


def test_a_folder_that_takes_nothing_ends_it(two: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "0000.png").mkdir()  # in the way of the picture
    assert compared(two, "--prompt", "a cat", "--size", "64x64", "--out", str(out)) == app.FAILED
    assert "darkroom: The pictures cannot be written (Is a directory). Name another place" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX's terminals and signals")
def test_an_interrupt_exits_130_and_keeps_what_is_done(two: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["--prompt", "a cat", "--models", "tiny", "--steps", 2, "--steps", 900]
    ended = interrupted("compare", *asked, "--out", out, "--config", two, at="of 900")
    assert (ended.code, ended.out) == (app.INTERRUPTED, "")
    assert made(out) == ["0000.png", "run.json"]
    record = RunRecord.model_validate_json((out / "run.json").read_bytes())
    assert [cell.state for cell in record.cells] == [State.DONE, State.STOPPED]
    with Image.open(out / "0000.png") as image:
        image.load()


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (None, "the recipe has no picture of it"),
        (Verdict(same="bytes", width=64, height=64, full=True), "byte-identical"),
        (Verdict(same="pixels", width=64, height=64, full=True), "same pixels, another file"),
        (
            Verdict(same="nothing", mean=0.0213, psnr=61.04, width=64, height=64, full=True),
            "differs by 0.021 of 255 levels, PSNR 61.0 dB",
        ),
        (
            Verdict(same="nothing", mean=0.0, psnr=None, width=128, height=96, full=False),
            "differs, but not visibly, seen at 128x96",
        ),
    ],
)
def test_a_verdict_in_words(verdict: Verdict | None, said: str) -> None:
    assert told(verdict) == said
