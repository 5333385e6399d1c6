"""What a prompt asks a picture to show, if it is of the kind that mini-sd was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from judging.scenes import COLOURS, SHAPES
from judging.wordings import PLACE_WORDS, RELATION_WORDS, SIZE_WORDS

Meaning = TypeVar("Meaning")

BESIDE = "beside"  # a relation that leaves open which of the two is on the left
# The training pictures have the first object on the left for these, yet the words ask for less than that.
_LOOSE = {"and": None, "next to": BESIDE, "beside": BESIDE}
_SPELLINGS = {"grey": "gray"}
COLOUR_WORDS = (*COLOURS, *_SPELLINGS)
_ANY_SHAPE = "shape"
_ARTICLE = "(?: an?| the)?"


@dataclass(frozen=True)
class AskedItem:
    """One object. None, here and below: the prompt leaves it open."""

    shape: str | None = None
    colour: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a picture is to show."""

    background: str | None = None
    items: tuple[AskedItem, ...] = ()  # one or two; none: the prompt speaks of the background alone
    place: tuple[str, str] | None = None  # column and row of the one object
    relation: str | None = None  # of the first object to the second


def understood(prompt: str, shapes: tuple[str, ...] = SHAPES) -> Asked | None:
    """What `prompt` asks for; None: nothing, or some of its words may ask for more than can be judged."""
    text = spaced(prompt)
    match = _grammar(shapes).fullmatch(text)
    said = {key: words for key, words in match.groupdict().items() if words} if match and text else {}
    grounds = [_colour(said[where]) for where in ("before", "after", "on") if where in said]
    if not said or len(grounds) > 1:
        return None
    return Asked(
        background=grounds[0] if grounds else None,
        items=tuple(_item(said, which) for which in ("first", "second") if which in said),
        place=meanings(PLACE_WORDS).get(said.get("place", "")),
        relation=(meanings(RELATION_WORDS) | _LOOSE).get(said.get("relation", "")),
    )


def spaced(prompt: str) -> str:
    """In small letters, a space before every word and comma."""
    return "".join(f" {word}" for word in prompt.lower().replace(",", " , ").split()).removesuffix(".")


def _item(said: Mapping[str, str], which: str) -> AskedItem:
    shape, colour = said.get(f"{which}_shape"), said.get(f"{which}_colour", said.get(f"{which}_bare"))
    return AskedItem(
        shape=None if shape == _ANY_SHAPE else shape,
        colour=None if colour is None else _colour(colour),
        size=meanings(SIZE_WORDS).get(said.get(f"{which}_size", "")),
    )


def _colour(word: str) -> str:
    return _SPELLINGS.get(word, word)


def meanings(wordings: Mapping[Meaning, tuple[str, ...]]) -> dict[str, Meaning]:
    return {words: meaning for meaning, several in wordings.items() for words in several if words}


@cache
def _grammar(shapes: tuple[str, ...]) -> re.Pattern[str]:
    """Of texts in which a space stands before every word and comma."""
    colour = f"(?:{any_of(COLOUR_WORDS)})"
    relation, place = (
        f" (?P<relation>{any_of(meanings(RELATION_WORDS))})",
        f" (?P<place>{any_of(meanings(PLACE_WORDS))})",
    )
    before = f"{_ARTICLE} (?P<before>{colour})(?: background)? ,"
    after = f"(?:(?: on| with| ,){_ARTICLE} (?P<after>{colour}) background| on (?P<on>{colour}))"
    return re.compile(
        f"(?:{before})?(?:{_named('first', shapes)}(?:{relation}{_named('second', shapes)}|{place})?)?(?:{after})?"
    )


def _named(which: str, shapes: tuple[str, ...]) -> str:
    """The grammar of an object, which may be no more than its colour."""
    colour, shape = any_of(COLOUR_WORDS), any_of([*shapes, _ANY_SHAPE])
    full = (
        f"{_ARTICLE}(?: (?P<{which}_size>{any_of(meanings(SIZE_WORDS))}))?(?: (?P<{which}_colour>{colour}))?"
        f" (?P<{which}_shape>{shape})"
    )
    return f"(?P<{which}>{full}| (?P<{which}_bare>{colour}))"


def any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))
