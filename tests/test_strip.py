"""The film strip becomes a moving picture."""

from io import BytesIO
from typing import Literal

import pytest
from PIL import Image

from generation import mark
from generation.events import Frame
from generation.strip import encoded


def frame(step: int, size: tuple[int, int] = (24, 16)) -> Frame:
    buffer = BytesIO()
    Image.new("RGB", size, (step * 40, 255 - step * 40, 128)).save(buffer, "JPEG")
    return Frame(0, step, buffer.getvalue())


@pytest.mark.parametrize("kind", ["webp", "gif"])
@pytest.mark.parametrize("count", [1, 5])
def test_holds_every_step_at_the_pictures_shape(kind: Literal["webp", "gif"], count: int) -> None:
    with Image.open(BytesIO(encoded([frame(step) for step in range(count)], kind))) as moving:
        assert moving.format == kind.upper()
        assert moving.size == (256, 171)
        assert getattr(moving, "n_frames", 1) == count


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_says_that_a_model_made_it(kind: Literal["webp", "gif"]) -> None:
    content = encoded([frame(step) for step in range(3)], kind)
    assert mark.SOURCE.encode() in content
    if kind == "webp":
        assert Image.open(BytesIO(content)).info["xmp"] == mark.XMP.encode()
