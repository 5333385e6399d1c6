"""Scenes → captions, in many wordings, some of which leave things open; and the vocabulary they are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from judging.scenes import COLOURS, SHAPES, Item, Scene
from judging.wordings import BACKGROUND_WORDS, OPEN, OTHER_WORDS, PLACE_WORDS, RELATION_WORDS, SIZE_WORDS

Pick = Callable[[tuple[str, ...]], str]  # one of several wordings

PUNCTUATION = (",", ".", "(", ")", ":", ";", "!", "-")

# What a caption may leave open, and how often.
PLANS = {
    "nothing": 0.64,
    "background": 0.11,
    "colour": 0.08,
    "colour and background": 0.05,
    "shape": 0.03,
    "all but a colour": 0.04,
    "all but the background": 0.03,
    "everything": 0.02,
}

UNKNOWN = """
    beautiful masterpiece best quality highly detailed intricate photo photograph painting drawing poster picture
    image illustration portrait cinematic lighting studio sharp focus blurred ultra realistic style art artstation
    trending wallpaper vivid bright dark light soft glowing shiny old new modern minimal minimalist abstract flat design
    vector logo icon simple clean elegant hundred colored sacred scarred stop laptop another something floating lying
    standing sitting very really extremely perfect amazing wonderful cute lovely strange happy sad house tree cat dog
    man woman girl boy flower mountain river sky sun moon sea ocean forest city street car night day summer winter
    watercolor oil canvas pencil sketch digital render octane unreal engine hdr resolution depth field bokeh close up
    wide angle view from by for is are was has have that this it its my your some many few one two three please draw
    show make paint me i want would like see ugly deformed bad low worst noisy texture paper wood metal glass"""
FILLERS = tuple(UNKNOWN.split())
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A text as its words, what it tells, and which words name the told objects' shapes (-1: none does)."""

    words: tuple[str, ...]
    told: Scene
    nouns: tuple[int, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words).replace(" ,", ",")


def vocabulary() -> tuple[str, ...]:
    """Every word that a caption uses with a meaning."""
    groups = (SIZE_WORDS, PLACE_WORDS, RELATION_WORDS)
    phrases = [phrase for group in groups for wordings in group.values() for phrase in wordings]
    phrases += [*BACKGROUND_WORDS, *COLOURS, *SHAPES, *OTHER_WORDS]
    words = {word: None for phrase in phrases for word in phrase.split()}  # a set that keeps the order
    return tuple(word for word in words if word.isalpha())


def random_caption(scene: Scene, rng: np.random.Generator, fillers: float = 0.25) -> Caption:
    """One wording of the scene; `fillers` is how often unknown words are strewn in."""
    plan = str(rng.choice(list(PLANS), p=list(PLANS.values())))
    caption = worded(leave_open(scene, plan, rng), rng)
    return strewn(caption, rng) if rng.random() < fillers else caption


def plain_caption(scene: Scene) -> str:
    """The scene in the first wording of each thing: what is judged."""
    return worded(scene, None).text


def leave_open(scene: Scene, plan: str, rng: np.random.Generator) -> Scene:
    """The scene without what the caption does not say."""
    if plan == "all but a colour":
        item = scene.items[rng.integers(len(scene.items))]
        return Scene(background=OPEN, items=(replace(item, shape=OPEN, size=OPEN),), place=(OPEN, OPEN))
    if plan == "all but the background":
        return replace(scene, items=(), relation=None)
    if plan == "everything":
        return Scene(background=OPEN, items=())
    background = OPEN if "background" in plan else scene.background
    items = list(scene.items)
    for index in range(len(items)) if rng.random() < 0.5 else [int(rng.integers(len(items)))]:
        if "colour" in plan:
            items[index] = replace(items[index], colour=OPEN)
        if "shape" in plan:
            items[index] = replace(items[index], shape=OPEN)
    return replace(scene, background=background, items=tuple(items))


def worded(told: Scene, rng: np.random.Generator | None) -> Caption:
    """The told scene in words; without `rng` in the first wording of each thing."""

    def pick(wordings: tuple[str, ...]) -> str:
        return wordings[0 if rng is None else rng.integers(len(wordings))]

    words: list[str] = []
    nouns: list[int] = []
    for index, item in enumerate(told.items):
        if index:
            words += pick(RELATION_WORDS[told.relation or "above"]).split()
        words += item_words(item, pick)
        nouns.append(len(words) - 1 if item.shape else -1)
    if len(told.items) == 1 and told.relation is None:
        words += pick(PLACE_WORDS.get(told.place, ("",))).split()
    if not told.background:
        return Caption(words=tuple(words), told=told, nouns=tuple(nouns))
    ground = pick(BACKGROUND_WORDS).format(spelled(told.background, pick)).replace("a orange", "an orange").split()
    if rng is not None and rng.random() < 0.12:  # A1111's way: things in any order, between commas
        ground = [*(word for word in ground if word not in {",", "on", "with"}), ","]
        return Caption(words=(*ground, *words), told=told, nouns=tuple(n + len(ground) if n >= 0 else n for n in nouns))
    return Caption(words=(*words, *ground), told=told, nouns=tuple(nouns))


def item_words(item: Item, pick: Pick) -> list[str]:
    if not item.shape and not item.size:  # a bare colour
        return [spelled(item.colour, pick)]
    words = [pick(SIZE_WORDS[item.size]), spelled(item.colour, pick), item.shape or "shape"]
    words = [word for word in words if word]
    article = "an" if words[0][0] in "aeiou" else "a"
    article = pick((article,) * 6 + ("the", ""))
    return [article, *words] if article else words


def spelled(colour: str, pick: Pick) -> str:
    return pick(("gray", "grey")) if colour == "gray" else colour


def strewn(caption: Caption, rng: np.random.Generator) -> Caption:
    """The caption with words that mean nothing strewn in."""
    words, nouns = list(caption.words), list(caption.nouns)
    for _ in range(rng.integers(1, 7)):
        place = int(rng.integers(len(words) + 1))
        words.insert(place, filler(rng))
        nouns = [noun + (noun >= place) for noun in nouns]
    return replace(caption, words=tuple(words), nouns=tuple(nouns))


def filler(rng: np.random.Generator) -> str:
    """An unknown word, a number, punctuation, or a word that only ends like a known one."""
    kind = rng.random()
    if kind < 0.45:
        return str(rng.choice(FILLERS))
    if kind < 0.75:
        return str(rng.choice(PUNCTUATION)) if rng.random() < 0.7 else str(rng.integers(10))
    word = "".join(rng.choice(LETTERS, rng.integers(2, 8)))
    return word + str(rng.choice(vocabulary())) if kind < 0.85 else word
