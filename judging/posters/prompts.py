"""What a prompt asks a poster to show, where mini-sd's grammar with more words does for the rest of it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from judging.posters.scenes import SHAPES, Ground
from judging.posters.wordings import NUMBER_WORDS, PATTERN_WORDS, PLURALS, TIME_WORDS
from judging.prompts import COLOUR_WORDS, Asked, any_of, meanings, spaced
from judging.prompts import understood as plainly_understood


def understood(prompt: str) -> Asked | None:
    """What `prompt` asks for, its background by the ground's name; None: nothing that can be judged."""
    text = spaced(prompt)
    text, number = _without_number(text)
    text, time = _without(_time(), text)
    text, pattern = _without(_pattern(), text)
    asked = plainly_understood(text, SHAPES) if text else Asked()
    if asked is None or not (text or time) or (number > 1 and not _alike(asked)):
        return None
    if asked.background is None:
        return replace(asked, background=meanings(TIME_WORDS).get(time), items=asked.items * number)
    ground = Ground(colour=asked.background, pattern=meanings(PATTERN_WORDS).get(pattern, "plain"))
    return None if time else replace(asked, background=ground.name, items=asked.items * number)


def _alike(asked: Asked) -> bool:
    """Whether it is one thing of which there may be several: their size and their places are not told."""
    return len(asked.items) == 1 and not asked.place and not asked.items[0].size


def _without(words: re.Pattern[str], text: str) -> tuple[str, str]:
    """The text without words that stand there once, and those words."""
    found = words.search(text)
    return (text[: found.start()] + text[found.end() :], found[0].strip()) if found else (text, "")


def _without_number(text: str) -> tuple[str, int]:
    """Two red boats are a red boat, twice."""
    found = _several().search(text)
    if found is None:
        return text, 1
    one = {plural: shape for shape, plural in PLURALS.items()} | {"shapes": "shape"}
    return text.replace(found[0], f"{found['colour'] or ''} {one[found['things']]}", 1), meanings(NUMBER_WORDS)[
        found["number"]
    ]


@cache
def _several() -> re.Pattern[str]:
    number, things = any_of(meanings(NUMBER_WORDS)), any_of([*PLURALS.values(), "shapes"])
    return re.compile(f" (?P<number>{number})(?P<colour> (?:{any_of(COLOUR_WORDS)}))? (?P<things>{things})(?= |$)")


@cache
def _time() -> re.Pattern[str]:
    return re.compile(f" (?:{any_of(meanings(TIME_WORDS))})$")


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(f" (?:{any_of(meanings(PATTERN_WORDS))})(?= (?:{any_of(COLOUR_WORDS)}) background)")
