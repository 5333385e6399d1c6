"""Where a job stands, in A1111's figures, after each thing that it tells."""

from dataclasses import replace

import pytest

from api.a1111.position import Position, position
from generation.events import Decoding, Developed, Encoding, Event, Frame, Picture, Queued, Step
from generation.job import Job
from models.progress import Downloading, Loading
from tests.requested import requested

REQUEST = requested(count=2)
FIRST = Developed(Picture(0, 1, 64, 64, b"", ""))
TOLD: list[tuple[Event, Position]] = [
    (Queued(2, 7.0), Position(seconds_left=7.0, waits_for="In queue: 2 ahead")),
    (Downloading("tiny", "unet", 1, 2), Position(waits_for="Downloading tiny")),
    (Loading("tiny", "unet", 1, 4), Position(waits_for="Loading tiny")),
    (Encoding(0), Position()),
    (Step(0, 0, 4, 0.0, 0.0), Position()),
    (Step(0, 2, 4, 1.0, 6.0, Frame(0, 2, b"")), Position(0.26, step=2, seconds_left=6.0)),
    (Decoding(0), Position(0.51, step=4)),
    (FIRST, Position(0.51, picture=1)),
    (Step(1, 1, 4, 1.0, 3.0), Position(0.635, picture=1, step=1, seconds_left=3.0)),
    (Decoding(1), Position(1.0, picture=1, step=4)),
]


def test_it_never_goes_back_and_is_never_0() -> None:
    job, before = Job(REQUEST, "off", lambda job: None), 0.0
    for event, expected in TOLD:
        job.tell(event)
        now = position(job)
        assert now.progress == pytest.approx(expected.progress)
        assert replace(now, progress=expected.progress) == expected
        assert now.progress >= before
        before = now.progress
