"""The words of mini-sdxl's prompts beside mini-sd's, by what they mean. Each thing's first wording is the plain one."""

from __future__ import annotations

from judging.posters.scenes import SHAPES

NUMBER_WORDS = {2: ("two",), 3: ("three",), 4: ("four",)}
PATTERN_WORDS = {
    "plain": ("", "", "", "", "", "plain"),
    "striped": ("striped",),
    "dotted": ("dotted", "dotted", "spotted"),
    "checked": ("checked", "checked", "checkered"),
}
TIME_WORDS = {
    "day": ("by day", "by day", "during the day", "in the daytime"),
    "night": ("at night", "at night", "by night", "during the night"),
}
GROUND_WORDS = ("on a {} background",) * 4 + ("with a {} background", ", {} background")  # a pattern and a colour
PLURALS = {shape: {"fish": "fish", "cross": "crosses"}.get(shape, f"{shape}s") for shape in SHAPES}
