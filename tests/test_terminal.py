"""What is shown while a job runs, and how values are made fit for a terminal."""

from dataclasses import replace

import pytest

from errors import InvalidRequest
from generation.events import (
    Cancelled,
    Decoding,
    Encoding,
    Event,
    Finished,
    Queued,
    Silent,
    Step,
    Timings,
)
from models.amounts import bytes_text
from models.progress import Downloading, Loading
from terminal.generate import Line, asked, shown, summary
from terminal.models import count_text
from terminal.text import one_line, plain, seconds_text
from tests.requested import requested

REQUEST = requested(steps=20, sampler="Default", count=2)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Queued(0, None), Line("Starting")),
        (Queued(1, 4.0), Line("Waiting")),
        (
            Downloading("tiny", "unet", 1_200_000_000, 4_500_000_000),
            Line("Downloading tiny", 1_200_000_000, 4_500_000_000, "1.2 GB of 4.5 GB"),
        ),
        (Downloading("TAESD", "", 0, 0), Line("Downloading TAESD")),
        (Loading("tiny", "unet", 2, 5), Line("Loading unet", 2, 5, "2 of 5 parts")),
        (Encoding(0), Line("Reading the prompt")),
        (Step(1, 12, 20, 0.0351, 0.28), Line("Developing 2 of 2", 12, 20, "step 12 of 20, 35 ms a step, 280 ms left")),
        (Decoding(0), Line("Decoding")),
        (Silent(600.0), Line("Nothing heard for 10 min 0 s; it may hang")),
        (Cancelled("queued"), None),
    ],
)
def test_each_phase_is_shown(event: Event, line: Line | None) -> None:
    assert shown(event, REQUEST) == line


def test_the_summary_says_where_the_time_went_and_what_to_know() -> None:
    times = Timings(load=4.2, text=0.01, denoise=0.7, decode=0.1, total=5.0, seconds_per_step=0.035)
    lines = summary(Finished(REQUEST, (), times, 505_000_000, "CPU", ("not known: \x1b[31m",))).splitlines()
    assert lines == [
        "5.0 s in all: load 4.2 s, text 10 ms, denoise 700 ms, decode 100 ms; 35 ms a step, peak 505 MB, on CPU",
        "not known: \\x1b[31m",
    ]
    (line,) = summary(Finished(REQUEST, (), replace(times, download=62.0), 505_000_000, "CPU")).splitlines()
    assert line.startswith("5.0 s in all: download 62.0 s, load 4.2 s, text 10 ms,")


def test_a_size_is_width_by_height() -> None:
    assert asked("640x480", {"prompt": "a"}) == {"prompt": "a", "width": 640, "height": 480}
    assert asked(None, {"prompt": "a"}) == {"prompt": "a"}
    for size in ("640", "640x", "x", "640 x 480", "6.4x48", "-1x5", "٣x٤", "1234567x1"):
        with pytest.raises(InvalidRequest, match="Give WIDTHxHEIGHT in pixels"):
            asked(size, {})


def test_nothing_from_outside_moves_the_cursor() -> None:
    assert plain("a\x1b[31m\x00\u202e\udc80é") == "a\\x1b[31m\\x00\\u202e\\udc80é"
    assert one_line(" first\n   second\r\n\tthird ") == "first second third"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12 kB"), (999_600, "1.0 MB"), (2_134_000_000, "2.1 GB")],
)
def test_bytes_are_told_in_decimal_units(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_seconds_and_parameters_are_rounded_to_what_matters() -> None:
    assert [seconds_text(it) for it in (0.035, 1.0, 98.0, 754.4)] == ["35 ms", "1.0 s", "98.0 s", "12 min 34 s"]
    assert [count_text(it) for it in (7_000_000, 689_061_207, 1_066_235_307)] == [
        "7 million",
        "689 million",
        "1.07 billion",
    ]
