"""How far two pictures are apart."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from comparison.difference import difference, inferno
from errors import InvalidRequest

GENERATOR = np.random.default_rng(7)


def png(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_equal_pictures_do_not_differ() -> None:
    one = png(GENERATOR.integers(0, 256, (5, 8, 3)))
    found = difference(one, one)
    assert (found.mean, found.largest, found.changed) == (0, 0, 0)
    assert found.psnr == float("inf")


def test_the_figures_are_those_of_their_definitions() -> None:
    a = np.full((4, 4, 3), 100)
    b = a.copy()
    b[0, 0] = (130, 100, 100)  # one pixel of 16, by 30 in one channel
    found = difference(png(a), png(b))
    assert found.mean == pytest.approx(30 / 48)
    assert found.largest == pytest.approx(10)
    assert found.changed == pytest.approx(1 / 16)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / (900 / 48)))


def test_the_heat_map_is_brightest_where_the_pictures_differ_most() -> None:
    a = np.full((3, 6, 3), 50)
    b = a.copy()
    b[1, 2], b[2, 5] = 90, 60
    with Image.open(BytesIO(difference(png(a), png(b)).heat)) as heat:
        assert heat.size == (6, 3)
        light = np.asarray(heat.convert("L"), dtype=int)
    assert light.argmax() == 1 * 6 + 2
    assert light[0, 0] < light[2, 5] < light[1, 2]


def test_inferno_gets_lighter_all_the_way() -> None:
    light = inferno(np.linspace(0, 1, 65)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) > 0).all()
    assert light[0] < 3
    assert light[-1] > 230


def test_two_sizes_are_refused_in_words() -> None:
    with pytest.raises(InvalidRequest, match=r"8x8 and 16x8 pixels.*two of one size"):
        difference(png(np.zeros((8, 8, 3))), png(np.zeros((8, 16, 3))))
