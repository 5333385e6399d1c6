"""The words of mini-sd's prompts, by what they mean. Each thing's first wording is the plain one."""

from __future__ import annotations

OPEN = ""  # in a told scene: the words do not say

SIZE_WORDS = {
    "small": ("small", "small", "tiny", "little"),
    "medium": ("",),
    "large": ("large", "large", "big", "huge"),
}
PLACE_WORDS = {
    ("left", "top"): ("in the top left corner", "at the top left", "in the top left"),
    ("center", "top"): ("at the top", "at the top", "in the top center"),
    ("right", "top"): ("in the top right corner", "at the top right", "in the top right"),
    ("left", "middle"): ("on the left", "on the left side", "at the left"),
    ("center", "middle"): ("", "", "", "in the center", "in the middle", "in the centre"),
    ("right", "middle"): ("on the right", "on the right side", "at the right"),
    ("left", "bottom"): ("in the bottom left corner", "at the bottom left", "in the bottom left"),
    ("center", "bottom"): ("at the bottom", "at the bottom", "in the bottom center"),
    ("right", "bottom"): ("in the bottom right corner", "at the bottom right", "in the bottom right"),
}
RELATION_WORDS = {
    "above": ("above", "above", "over", "on top of"),
    "below": ("below", "below", "under"),
    "left of": ("to the left of", "left of", "and", "next to", "beside"),  # read from left to right
    "right of": ("to the right of", "right of"),
}
BACKGROUND_WORDS = ("on a {} background",) * 5 + ("with a {} background", ", {} background", "on {}")
OTHER_WORDS = ("a", "an", "shape", "grey")
