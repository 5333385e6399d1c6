"""What a model saves, in the terminal's words."""

import pytest

from comparison.summary import Against, Ratio
from terminal.worth import beside


def ratio(value: float) -> Ratio:
    return Ratio(value, value, value, 1)


@pytest.mark.parametrize(
    ("seconds", "memory", "said"),
    [
        (0.625, 0.52, "1.6× faster, 48 % less memory"),
        (2.0, 1.25, "2.0× slower, 25 % more memory"),
        (1.01, 0.99, "as fast, as much memory"),
        (0.004, None, "250× faster"),
        (None, None, ""),
    ],
)
def test_a_saving_in_words(seconds: float | None, memory: float | None, said: str) -> None:
    against = Against(
        baseline="big",
        seconds=ratio(seconds) if seconds else None,
        memory=ratio(memory) if memory else None,
        parameters=None,
        quality={},
    )
    assert beside(against) == said
    assert beside(None) == ""
