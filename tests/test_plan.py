"""Which pictures a comparison comes to."""

import pytest
from pydantic import ValidationError

from comparison.plan import Plan, cells, settings


def test_each_model_comes_once_and_every_setting_with_it() -> None:
    plan = Plan(prompts=("a", "b"), models=("one", "two"), seeds=(1, 2), steps=(None, 4), samplers=("DDIM",))
    found = cells(plan)
    assert [cell.model for cell in found] == ["one"] * 8 + ["two"] * 8
    assert [cell.number for cell in found] == list(range(16))
    assert [cell.row for cell in found] == [*range(8), *range(8)]
    assert [setting.prompt for setting in settings(plan)] == ["a"] * 4 + ["b"] * 4


def test_what_nobody_chose_is_left_to_the_model() -> None:
    plan = Plan(prompts=("a",), models=("one",), seeds=(0,), steps=(None, 4), guidance_scales=(0.0,))
    first, second = cells(plan)
    assert first.asked == {"prompt": "a", "seed": 0, "guidance_scale": 0.0, "model": "one", "count": 1}
    assert second.asked == first.asked | {"steps": 4}


@pytest.mark.parametrize("missing", ["prompts", "models", "seeds", "steps"])
def test_an_empty_axis_is_refused(missing: str) -> None:
    full = {"prompts": ("a",), "models": ("one",), "seeds": (1,), "steps": (None,)}
    with pytest.raises(ValidationError, match=missing):
        Plan(**full | {missing: ()})  # type: ignore[arg-type]
