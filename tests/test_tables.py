"""A run as CSV and JSON."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from comparison.export import figures, tables
from comparison.export.texts import NO_BREAK, TEXTS
from comparison.ranking import ranking
from comparison.record import RunRecord
from tests.made_runs import HOSTILE, Made

SCHEMA = Path(__file__).parents[1] / "docs" / "comparison.schema.json"


def lines(record: RunRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(tables.csv(record), newline="")))


def test_a_line_for_every_picture_with_its_figures() -> None:
    made = Made("a lighthouse", 'größer, "breiter"\nhöher')
    first, *_, last = rows = lines(made.record)
    assert len(rows) == 4
    assert (first["model"], first["picture_seconds"], first["load_seconds"], first["total_seconds"]) == (
        *("big", "4.0", "9.0", "13.0"),
    )  # fmt: skip
    assert (first["peak_memory_bytes"], first["parameters"], first["quality_judge"]) == (
        *("7000000000", "2230000000", "0.5"),
    )  # fmt: skip
    assert last["prompt"] == 'größer, "breiter"\nhöher'
    assert last["pixels_sha256"] == made.record.cells[3].picture.pixels_sha256  # type: ignore[union-attr]


def test_a_failed_picture_has_its_line_too() -> None:
    record = Made("a lighthouse").failed(1, "no memory")
    row = lines(record)[1]
    assert (row["state"], row["error"], row["picture_seconds"], row["file"]) == ("failed", "no memory", "", "")
    assert row["prompt"] == "a lighthouse"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_spreadsheet_takes_a_prompt_for_a_formula(start: str) -> None:
    prompt = f'{start}cmd|" /C calc"!A0'
    record = Made(prompt, negative_prompt=f"{start}1").failed(1, f"{start}HYPERLINK(1)")
    assert {row["prompt"] for row in lines(record)} == {f"'{prompt}"}
    assert lines(record)[0]["negative_prompt"] == f"'{start}1"
    assert lines(record)[1]["error"] == f"'{start}HYPERLINK(1)"


def test_a_negative_number_stays_one() -> None:
    record = Made().changed(0, quality={"clip": -0.25})
    assert lines(record)[0]["quality_clip"] == "-0.25"


def test_json_holds_everything_but_whose_it_is_and_where() -> None:
    record = Made(HOSTILE).record.model_copy(update={"owner": "feedbeeffeedbeef"})
    written = tables.json(record, "big", ranking([], ["big", "small"]))
    assert record.owner not in written
    assert record.id not in written
    read = tables.Exported.model_validate_json(written)
    assert (read.plan, read.cells) == (record.plan, record.cells)
    small = json.loads(written)["models"][1]
    assert small["against"]["seconds"]["value"] == 0.625
    assert [rating.model for rating in read.ratings] == ["big", "small"]


def test_the_schema_in_the_documentation_is_that_of_the_code() -> None:
    """`python -c "from comparison.export import tables; print(tables.schema(), end='')"` writes it."""
    assert SCHEMA.read_text(encoding="utf-8") == tables.schema()
    assert set(json.loads(tables.json(Made().record, None))) == set(json.loads(tables.schema())["properties"])


@pytest.mark.parametrize(
    ("said", "is_it"),
    [
        (figures.seconds(0.045, TEXTS["en"]), "45 ms"),
        (figures.seconds(1.249, TEXTS["de"]), "1,25 s"),
        (figures.seconds(9.996, TEXTS["en"]), "10.0 s"),
        (figures.seconds(99.6, TEXTS["en"]), "1 min 40 s"),
        (figures.seconds(3900, TEXTS["en"]), "1 h 05 min"),
        (figures.parameters(7_516_515, TEXTS["de"]), "7,52 Mio."),
        (figures.parameters(999_700_000, TEXTS["en"]), "1.00 B"),
        (figures.size(310_000_000, TEXTS["en"]), "310 MB"),
        (figures.size(7_000_000_000, TEXTS["de"]), "7,00 GB"),
        (figures.faster(0.625, TEXTS["en"]), "1.6× faster"),
        (figures.faster(2.0, TEXTS["de"]), "2,0× langsamer"),
        (figures.faster(0.97, TEXTS["en"]), "just as fast"),
        (figures.less(0.52, TEXTS["en"]), "48 % less"),
        (figures.number(7.5, TEXTS["de"]), "7,5"),
    ],
)
def test_numbers_are_told_in_three_digits(said: str, is_it: str) -> None:
    assert said.replace(NO_BREAK, " ") == is_it
