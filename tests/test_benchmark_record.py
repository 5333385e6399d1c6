"""Benchmarks as they are kept, compared and handed on."""

import logging
from pathlib import Path
from typing import Any

import pytest

from config import load
from errors import DarkroomError
from generation.settings import Preview
from measurement import words
from measurement.earlier import changes
from measurement.markdown import document
from measurement.plan import Plan
from measurement.published import about, published
from measurement.record import Batch, Machine, ModelResult, Note, Record, Spread
from measurement.shelf import Shelf
from tests.published import CONFIG

MACHINE = Machine(
    fingerprint="0123456789abcdef",
    system="Linux x86_64",
    cpu="CPU of a test",
    cpus=2,
    memory_bytes=8_000_000_000,
    python="3.12",
    torch="2.13",
    diffusers="0.42",
    transformers="5.23",
    threads=2,
)


def spread(*values: float) -> Spread:
    made = Spread.of(values)
    assert made is not None
    return made


def result(model: str = "mini-sd", **changes: Any) -> ModelResult:
    given: dict[str, Any] = {
        "model": model,
        "title": "Mini SD",
        "weights": "trained",
        "parameters": 7,
        "width": 128,
        "height": 128,
        "steps": 20,
        "guidance_scale": 3.0,
        "sampler": "Default",
        "at_defaults": True,
        "picture": spread(1.0, 1.1, 1.2),
    }
    return ModelResult(**(given | changes))


def record(*models: ModelResult, id: str = "0" * 16, day: int = 1, **changes: Any) -> Record:
    given: dict[str, Any] = {
        "id": id,
        "started": f"2026-11-{day:02}T10:00:00+00:00",
        "seconds": 60.0,
        "complete": True,
        "machine": MACHINE,
        "plan": Plan(models=("mini-sd",)),
        "preview": Preview(),
        "models": models or (result(),),
    }
    return Record(**(given | changes))


def test_a_spread_is_median_least_and_most() -> None:
    of = spread(3.0, 1.0, 2.0)
    assert (of.median, of.least, of.most, of.count) == (2.0, 1.0, 3.0, 3)
    assert Spread.of([]) is None
    assert of.overlaps(spread(3.0, 4.0))
    assert not of.overlaps(spread(3.1, 4.0))


def test_what_is_kept_is_found_again_newest_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "kept")
    assert shelf.records() == []
    old, new = record(day=1, id="a" * 16), record(day=2, id="b" * 16)
    for one in (new, old):
        shelf.keep(one)
    assert shelf.records() == [new, old]
    assert shelf.find("a" * 16) == old
    assert shelf.find("c" * 16) is None
    assert shelf.find("../" + "a" * 13) is None
    assert {path.suffix for path in shelf.folder.iterdir()} == {".json"}


def test_files_that_are_no_benchmark_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(tmp_path)
    shelf.keep(record())
    (tmp_path / "torn.json").write_text('{"id": "')
    (tmp_path / "other.json").write_bytes(b"\xff\xfe")
    with caplog.at_level(logging.WARNING):
        assert len(shelf.records()) == 1
    assert "torn.json is no benchmark of ours" in caplog.text
    assert "other.json" in caplog.text


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DarkroomError, match=r"was not kept: .* cannot be written .* measurement\.folder"):
        Shelf(tmp_path / "file").keep(record())


def test_each_figure_is_compared_with_the_one_before_on_this_machine() -> None:
    before = record(result(picture=spread(2.0, 2.1, 2.2)), id="b" * 16, day=2)
    oldest = record(result(picture=spread(9.0)), id="a" * 16, day=1)
    (change,) = changes(record(day=3), [before, oldest])
    assert change.before.spread.median == 2.1
    assert change.ratio == pytest.approx(1.1 / 2.1)
    assert change.real
    (same,) = changes(record(day=3), [record(result(picture=spread(1.2, 1.3)), id="b" * 16)])
    assert not same.real


@pytest.mark.parametrize(
    "other",
    [
        record(id="b" * 16, machine=MACHINE.model_copy(update={"fingerprint": "f" * 16})),
        record(result(weights="random"), id="b" * 16),
        record(result(steps=10), id="b" * 16),
        record(result(dtype="bfloat16"), id="b" * 16),
        record(id="b" * 16, day=9),
        record(day=2),
    ],
    ids=["another machine", "random weights", "other steps", "other precision", "later", "itself"],
)
def test_what_is_not_comparable_is_not_compared(other: Record) -> None:
    assert changes(record(day=2), [other]) == []


def test_the_table_has_every_figure_with_its_spread() -> None:
    batch = Batch(size=4, pictures_per_minute=spread(80.0, 90.0, 100.0), peak_memory_bytes=1)
    text = document(record(result(batches=(batch,), peak_memory_bytes=spread(5e8, 5e8, 6e8))))
    assert "| a picture | 1.10 s (1.00 to 1.20) |" in text
    assert "| pictures a minute, 4 at a time | 90.0 (80.0 to 100) |" in text
    assert "| peak memory | 500 MB (500 to 600) |" in text
    assert "CPU of a test, 2 CPUs, 8.0 GB of memory" in text
    assert "128x128, 20 steps, guidance 3." in text
    assert "published" not in text


def test_units_are_told_once_where_they_are_the_same() -> None:
    assert "| a picture | 1.00 s (900 ms to 1.10 s) |" in document(record(result(picture=spread(0.9, 1.0, 1.1))))


def test_fewer_runs_than_planned_are_told() -> None:
    assert "(1.00 to 1.00; 1 run)" in document(record(result(picture=spread(1.0)), complete=False))
    assert "It was stopped" in document(record(complete=False))


def test_noise_and_others_figures_are_marked_as_such() -> None:
    made = result("sdxl-base-1.0", weights="random", notes=(Note(code="random"),))
    text = document(record(made, busy=1.5))
    assert "| `sdxl-base-1.0 (random weights)` |" in text
    assert "its pictures are noise" in text
    assert "Other programs ran beside it: a load of 1.5" in text
    own, others = text.split("What others published, measured on their machines:")
    assert "H100" not in own
    assert "NVIDIA H100" in others


def test_every_note_has_its_words() -> None:
    codes = Note.model_fields["code"].annotation.__args__  # type: ignore[union-attr]
    assert set(words.NOTES) == set(codes)


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (0.0123, "seconds", "12.3 ms"),
        (1.25, "seconds", "1.25 s"),
        (99.96, "seconds", "100 s"),
        (3600.0, "seconds", "60 min"),
        (548e6, "bytes", "548 MB"),
        (-0.0001, "share", "+0.0 %"),
        (-0.012, "share", "-1.2 %"),
        (13.44, "per_minute", "13.4"),
    ],
)
def test_numbers_in_words(amount: float, unit: Any, said: str) -> None:
    assert words.value(amount, unit) == said


def test_published_figures_are_of_our_models_and_name_their_source() -> None:
    ours = {spec.name for spec in load(CONFIG).models}
    for one in published():
        assert one.model in ours
        assert one.source.startswith("https://")
        assert one.seconds_per_step is not None
    assert {one.model for one in published()} == ours - {"mini-sd"} - {name for name in ours if name.startswith("mini")}
    assert about(["mini-sd"]) == []
