"""Posters → captions, in many wordings, some of which leave things open; and the vocabulary they are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from judging.posters.scenes import SHAPES, Ground, Poster
from judging.posters.wordings import GROUND_WORDS, NUMBER_WORDS, PATTERN_WORDS, PLURALS, TIME_WORDS
from judging.scenes import COLOURS, Item
from judging.wordings import BACKGROUND_WORDS, OPEN, OTHER_WORDS, PLACE_WORDS, RELATION_WORDS, SIZE_WORDS
from training.shapes.captions import Pick, filler, item_words, spelled

ANYWHERE = Ground(colour=OPEN, pattern=OPEN, time=OPEN)  # the words tell no ground

# What a caption may leave open, and how often.
PLANS = {
    "nothing": 0.72,
    "ground": 0.1,
    "colour": 0.06,
    "shape": 0.02,
    "all but a colour": 0.02,
    "all but the ground": 0.05,
    "everything": 0.03,
}


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A text as its words, what it tells, and which words name the told things (-1: none does)."""

    words: tuple[str, ...]
    told: Poster
    nouns: tuple[int, ...]  # one of each thing, of several of the same thing one

    @property
    def text(self) -> str:
        return re.sub(r"(?<=\w) ,", ",", " ".join(self.words))


def vocabulary() -> tuple[str, ...]:
    """Every word that a caption uses with a meaning."""
    groups = (SIZE_WORDS, PLACE_WORDS, RELATION_WORDS, NUMBER_WORDS, PATTERN_WORDS, TIME_WORDS)
    phrases = [phrase for group in groups for wordings in group.values() for phrase in wordings]
    phrases += [*BACKGROUND_WORDS, *COLOURS, *SHAPES, *PLURALS.values(), *OTHER_WORDS, "shapes"]
    words = {word: None for phrase in phrases for word in phrase.split()}  # a set that keeps the order
    return tuple(word for word in words if word.isalpha())


def random_caption(poster: Poster, rng: np.random.Generator, fillers: float = 0.25) -> Caption:
    """One wording of the poster; `fillers` is how often unknown words are strewn in."""
    plan = str(rng.choice(list(PLANS), p=list(PLANS.values())))
    caption = worded(leave_open(poster, plan, rng), rng)
    return strewn(caption, rng) if rng.random() < fillers else caption


def plain_caption(poster: Poster) -> str:
    """The poster in the first wording of each thing: what is judged."""
    return worded(poster, None).text


def several(told: Poster) -> bool:
    """Whether all are the same thing."""
    return len(told.items) > 1 and told.relation is None


def leave_open(poster: Poster, plan: str, rng: np.random.Generator) -> Poster:
    """The poster without what the caption does not say."""
    if plan == "everything":
        return Poster(ground=ANYWHERE, items=(), place=(OPEN, OPEN))
    if plan == "all but the ground":
        return replace(poster, items=(), relation=None)
    if plan == "all but a colour":
        item = poster.items[rng.integers(len(poster.items))]
        return Poster(ground=ANYWHERE, items=(replace(item, shape=OPEN, size=OPEN),), place=(OPEN, OPEN))
    if plan == "ground":
        return replace(poster, ground=ANYWHERE)
    which = range(len(poster.items))
    if not several(poster) and rng.random() < 0.5:
        which = range((start := int(rng.integers(len(poster.items)))), start + 1)
    items = tuple(_without(item, plan) if n in which else item for n, item in enumerate(poster.items))
    return replace(poster, items=items)


def _without(item: Item, what: str) -> Item:
    colour, shape = (OPEN if what == key else getattr(item, key) for key in ("colour", "shape"))
    return replace(item, colour=colour, shape=shape)


def worded(told: Poster, rng: np.random.Generator | None) -> Caption:
    """The told poster in words; without `rng` in the first wording of each thing."""

    def pick(wordings: tuple[str, ...]) -> str:
        return wordings[0 if rng is None else rng.integers(len(wordings))]

    words, nouns = _things(told, pick)
    if told.ground.time:
        return Caption(words=(*words, *pick(TIME_WORDS[told.ground.time]).split()), told=told, nouns=nouns)
    if not told.ground.colour:
        return Caption(words=words, told=told, nouns=nouns)
    ground = ground_words(told.ground, pick)
    if rng is not None and rng.random() < 0.12:  # A1111's way: things in any order, between commas
        first = (*(word for word in ground if word not in {",", "on", "with"}), ",")
        nouns = tuple(noun + len(first) if noun >= 0 else noun for noun in nouns)
        return Caption(words=(*first, *words), told=told, nouns=nouns)
    return Caption(words=(*words, *ground), told=told, nouns=nouns)


def ground_words(ground: Ground, pick: Pick) -> list[str]:
    colour, pattern = spelled(ground.colour, pick), pick(PATTERN_WORDS[ground.pattern])
    if not pattern:
        return pick(BACKGROUND_WORDS).format(colour).replace("a orange", "an orange").split()
    return pick(GROUND_WORDS).format(f"{pattern} {colour}").split()


def _things(told: Poster, pick: Pick) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The words for the things, and where their nouns stand."""
    if several(told):
        item = told.items[0]
        plural = PLURALS[item.shape] if item.shape else "shapes"
        words = [*pick(NUMBER_WORDS[len(told.items)]).split(), spelled(item.colour, pick), plural]
        words = [word for word in words if word]
        return tuple(words), (len(words) - 1 if item.shape else -1,)
    words, nouns = [], []
    for index, item in enumerate(told.items):
        if index:
            words += pick(RELATION_WORDS[told.relation or "above"]).split()
        words += item_words(item, pick)
        nouns.append(len(words) - 1 if item.shape else -1)
    if len(told.items) == 1:
        words += pick(PLACE_WORDS.get(told.place, ("",))).split()
    return tuple(words), tuple(nouns)


def strewn(caption: Caption, rng: np.random.Generator) -> Caption:
    """The caption with words that mean nothing strewn in."""
    words, nouns = list(caption.words), list(caption.nouns)
    known = set(vocabulary())
    for _ in range(rng.integers(1, 7)):
        if (strange := filler(rng)) in known:  # mini-sd does not know it, this one does
            continue
        place = int(rng.integers(len(words) + 1))
        words.insert(place, strange)
        nouns = [noun + (noun >= place) for noun in nouns]
    return replace(caption, words=tuple(words), nouns=tuple(nouns))
