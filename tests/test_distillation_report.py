"""`python -m training report`: distances, goals, tables and pages, and the whole command on two minis in two steps."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from errors import ConfigError
from training.__main__ import app
from training.judge import held_out_scenes
from training.report import pages
from training.report.curves import plot
from training.report.frechet import Gaussian, frechet
from training.report.goals import checked
from training.report.record import Made, MiniRecord, Report, Spread, WorldRecord, read
from training.report.tables import Grid, family, goals, grids
from training.report.worlds import POSTERS, SHAPES, World
from training.shapes.captions import plain_caption

ROOT = Path(__file__).parents[1]
SAME = Spread(median=1.0, least=0.9, most=1.2)


def gaussian(mean: list[float], covariance: list[list[float]]) -> Gaussian:
    return Gaussian(torch.tensor(mean, dtype=torch.float64), torch.tensor(covariance, dtype=torch.float64))


def test_the_distance_of_two_gaussians_is_that_by_hand() -> None:
    one, other = gaussian([0, 0], [[1, 0], [0, 4]]), gaussian([3, 4], [[9, 0], [0, 16]])
    assert frechet(one, other) == pytest.approx(25 + (1 - 3) ** 2 + (2 - 4) ** 2)
    round_one, tilted = gaussian([0, 0], [[1, 0], [0, 1]]), gaussian([0, 0], [[2, 1], [1, 2]])  # eigenvalues 1 and 3
    assert frechet(round_one, tilted) == pytest.approx(2 + 4 - 2 * (1 + 3**0.5))
    assert frechet(tilted, tilted) == pytest.approx(0, abs=1e-9)


def test_a_gaussian_is_fitted_to_features() -> None:
    fitted = Gaussian.of(torch.tensor([[0.0, 1.0], [2.0, 5.0], [4.0, 3.0]]))
    assert fitted.mean.tolist() == [2, 3]
    assert fitted.covariance.tolist() == [[4, 2], [2, 4]]


@pytest.mark.parametrize(
    ("world", "asked"),
    [
        (SHAPES, {"shape": "1-1-1-1-", "relation": "-1-1-1-1"}),
        (POSTERS, {"shape": "1--1--1-", "relation": "-1--1--1", "number": "--1--1--"}),
    ],
)
def test_drawn_answers_are_judged_right_and_others_wrong(world: World, asked: dict[str, str]) -> None:
    answers = world.answers(8)
    marks = world.marks(answers)
    assert set(marks) >= set(world.aspects)
    assert marks["background"] == "1" * 8
    assert asked.items() <= marks.items()
    blank = world.marks([np.full_like(answers[0], 255)] * 8)
    assert {name: blank[name] for name in asked} == {name: signs.replace("1", "0") for name, signs in asked.items()}
    pictures, labels = world.drawn(6, 1, judging=True)
    assert len(pictures) == len(labels) == 6
    assert set(labels.flat) == {0, 1}


def test_the_prompts_are_those_of_the_judge() -> None:
    assert SHAPES.prompts(6) == [plain_caption(scene) for scene in held_out_scenes(6)]


def made(steps: int, *, shape: str = "11-", relation: str = "--1") -> Made:
    marks = {"background": "111", "colour": "11-", "shape": shape, "relation": relation}
    return Made(steps=steps, guidance=3.0, seed=0, marks=marks, from_drawn=0.5 + 1 / steps, from_teacher=0.1)


def mini(name: str, default: Made, *others: Made, unet: int = 900, ratio: float = 1.0, passes: int = 2) -> MiniRecord:
    return MiniRecord(
        name=name,
        title=name.title(),
        fingerprint="0" * 16,
        world="shapes",
        teacher="mini-sd",
        unet_parameters=unet,
        parameters=1000 + unet,
        multiply_adds=200_000_000,
        passes_per_step=passes,
        passes=passes * default.steps,
        seconds=SAME,
        ratio=Spread(median=ratio, least=ratio, most=ratio),
        processor=Spread(median=ratio, least=ratio, most=ratio),
        default=default,
        others=others,
    )


def made_up(*minis: MiniRecord) -> Report:
    world = WorldRecord(
        name="shapes",
        prompts=3,
        aspects=SHAPES.aspects,
        extent=SHAPES.extent,
        classifier=0.9,
        reference=100,
        answers=0.2,
        floor=SAME,
        other_seeds=0.3,
    )
    return Report(date="2026-11-21", machine="a machine", rounds=3, minis=minis, worlds=(world,))


TEACHER = mini("mini-sd", made(20), *(made(steps) for steps in (1, 2, 4, 8, 16, 30, 32, 50)))


def test_goals_that_are_reached_are_met() -> None:
    good = made_up(
        TEACHER,
        mini("mini-bk-sdm", made(20), unet=600, ratio=0.6),
        mini("mini-turbo", made(4), passes=1),
        mini("mini-snap", made(8)),
    )
    found = checked(good)
    assert {it.mini for it in found} == {"mini-bk-sdm", "mini-turbo", "mini-snap"}
    assert all(it.met for it in found)
    assert [it.found for it in found if "passes" in it.what] == ["15.0"]  # 30 steps of two passes over 4 of one
    assert "0.67" in next(it.found for it in found if "parameters" in it.what)


def test_goals_that_are_missed_are_told_with_their_figures() -> None:
    bad = made_up(
        TEACHER, mini("mini-bk-sdm", made(20, shape="10-"), unet=601, ratio=0.67), mini("mini-turbo", made(4))
    )
    missed = {it.what.split(",")[0]: it for it in checked(bad) if not it.met}
    assert set(missed) == {
        *("parameters of the U-Net / mini-sd's", "seconds of a picture / mini-sd's", "shape"),
        "times fewer U-Net passes a picture than mini-sd",  # 60 over 8
    }
    assert missed["shape"].found == "50.0 %, 100.0 % (-50.0; right only here 0, only there 1)"
    assert "missed" in goals(bad).markdown()


def test_a_goal_of_a_mini_that_is_not_there_is_not_spoken_of() -> None:
    assert checked(made_up(TEACHER)) == []
    assert "Goals" not in {grid.title for grid in grids(made_up(TEACHER))}


def test_the_table_has_a_column_for_each_mini() -> None:
    report = made_up(TEACHER, mini("mini-turbo", made(4, shape="10-"), passes=1))
    lines = family(report, report.worlds[0]).markdown().splitlines()
    assert lines[0] == "|  | `mini-sd` | `mini-turbo` |"
    assert "| multiply–adds of a step | 400.00 M | 200.00 M |" in lines
    assert "| U-Net passes a picture | 40 | 4 |" in lines
    assert "| shape | 100.0 % | 50.0 % |" in lines
    others = next(grid for grid in grids(report) if "published" in grid.title)
    assert {row[0] for row in others.rows} == {"`mini-turbo`"}
    assert all("https://" in row[-1] for row in others.rows)


def test_curves_show_those_that_were_tried_with_several_steps() -> None:
    report = made_up(TEACHER, mini("mini-bk-sdm", made(20)), mini("mini-turbo", made(4), made(1), passes=1))
    drawn = plot(report, report.worlds[0])
    assert drawn.count("<polyline") == 3 * 2
    assert "mini-bk-sdm" not in drawn
    assert "mini-turbo, 4 steps: 0.8" in drawn  # the distance


def test_a_record_is_read_as_it_was_written() -> None:
    report = made_up(TEACHER)
    assert Report.model_validate_json(report.model_dump_json()) == report


def written_part(readme: Path) -> str:
    """What stands between the marks."""
    return readme.read_text(encoding="utf-8").partition(pages.BEGIN)[2].partition(pages.END)[0].strip()


def test_readmes_part_is_put_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{pages.BEGIN}\nold\n{pages.END}\nafter\n")
    part = pages.section(made_up(TEACHER), "docs/distillation")
    pages.put_into(readme, part)
    assert written_part(readme) == part
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("\nafter\n")
    readme.write_text("no place")
    with pytest.raises(ConfigError, match="no place for the report: put these two lines"):
        pages.put_into(readme, part)


def test_readme_shows_the_last_report() -> None:
    kept = ROOT / "docs" / "distillation" / pages.FIGURES
    expected = pages.section(read(kept), "docs/distillation") if kept.exists() else ""
    assert written_part(ROOT / "README.md") == expected


def test_a_grid_is_the_same_in_both_forms() -> None:
    grid = Grid("Title", ("", "a"), (("x", "1"),), ("A note.",))
    assert grid.markdown() == "|  | a |\n| --- | ---: |\n| x | 1 |\n\nA note."
    assert grid.rich().row_count == 1


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """config.yaml with the first two minis alone, which make a picture in two steps, the second one in one."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["models"] = config["models"][:2]
    for model, steps in zip(config["models"], (2, 1), strict=True):
        model["steps"]["default"] = steps
        for source in (model, *model.get("components", {}).values()):
            source["repo"] = str(ROOT / source["repo"])
        model["name"] = f"few-{model['name']}"
    config["default_model"] = config["models"][0]["name"]
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def run(*options: object) -> Result:
    return CliRunner().invoke(app, ["report", *(str(option) for option in options)])


def test_the_command_measures_writes_and_makes_nothing_twice(two_steps: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    options = [
        *("--config", two_steps, "--prompts", 12, "--curve", "1", "--rounds", 1, "--processes", 1),
        *("--classifier-steps", 2, "--work", tmp_path / "work", "--out", tmp_path / "out", "--json"),
    ]
    done = run(*options)
    assert done.exit_code == 0, done.output
    found = Report.model_validate_json(json.dumps(json.loads(done.stdout)))
    first, second = found.minis
    assert (first.passes, second.passes) == (4, 2)  # two steps and one, with guidance
    assert first.multiply_adds > second.multiply_adds > 100e6
    assert first.unet_parameters == 5_604_264
    assert first.default.from_teacher == pytest.approx(0, abs=1e-6)
    assert second.default.from_teacher > 0
    assert set(found.curves(found.worlds[0])) == {"few-mini-sd"}
    with Image.open(tmp_path / "out" / "sheet-shapes.png") as sheet:
        assert sheet.width < sheet.height
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| 2, 3 | 1, 3 |" in page
    assert "curves-shapes.svg" in page
    assert Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes()) == found

    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.*") if path.is_file()}
    lost = next(path for path in kept if path.suffix == ".npz")
    drawn = np.load(lost)["pictures"]
    lost.unlink()
    assert run(*options).exit_code == 0
    assert np.array_equal(np.load(lost)["pictures"], drawn)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items() if path != lost)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--models", "mini-none"), "There is no model 'mini-none'. Choose from: mini-sd"),
        (("--models", "bk-sdm-small"), "config.yaml has no model to report on"),
        (("--curve", "1,two"), "it takes numbers of steps from 1 to 1000"),
        (("--device", "tpu", "--models", "mini-sd"), "Device is 'tpu', which does not exist"),
    ],
)
def test_bad_input_is_told_in_a_line(options: tuple[str, ...], told: str, tmp_path: Path) -> None:
    done = run(*options, "--work", tmp_path)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())
