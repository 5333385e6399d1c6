"""What a job will take is told from what those before it took, apart from what happens only once."""

import pytest

from generation.events import Timings
from generation.pace import Pace, passes
from tests.published import SPECS
from tests.test_queue import REQUEST

MODELS = {REQUEST.model: SPECS["sd"]}


def test_the_time_of_a_download_is_not_expected_again() -> None:
    pace = Pace(MODELS)
    assert pace.seconds(REQUEST, on_device=True) is None
    pace.measured(REQUEST, Timings(download=100.0, load=5.0, denoise=2.0, total=107.0), loaded=True)
    assert pace.seconds(REQUEST, on_device=True) == pytest.approx(2.0)
    assert pace.seconds(REQUEST, on_device=False) == pytest.approx(7.0)


def test_only_a_job_that_loaded_its_model_tells_how_long_that_takes() -> None:
    pace = Pace(MODELS)
    pace.measured(REQUEST, Timings(load=0.1, denoise=2.0, total=2.1), loaded=False)
    assert pace.seconds(REQUEST, on_device=True) == pytest.approx(2.0)
    assert pace.seconds(REQUEST, on_device=False) is None


def test_more_work_takes_longer() -> None:
    pace = Pace(MODELS)
    pace.measured(REQUEST, Timings(total=2.0, seconds_per_step=0.5), loaded=True)
    double = REQUEST.model_copy(update={"steps": 2 * REQUEST.steps})
    assert pace.seconds(double, on_device=True) == pytest.approx(4.0)
    assert pace.step(REQUEST.model_copy(update={"width": 2 * REQUEST.width})) == pytest.approx(1.0)


def test_a_scale_that_the_net_takes_costs_no_second_pass() -> None:
    guided = REQUEST.model_copy(update={"guidance_scale": 3.0})
    assert [passes(guided, SPECS[name]) for name in ("sd", "distilled")] == [2, 1]
    assert [passes(guided.model_copy(update={"guidance_scale": 1.0}), SPECS[name]) for name in ("sd", "distilled")] == [
        1,
        1,
    ]
