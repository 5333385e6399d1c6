"""Which words a model knows, read from its tokenizer's vocabulary alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

TAIL = "</w>"  # ends a token that ends a word, in CLIP's vocabularies


KINDS: Mapping[str, frozenset[str]] = MappingProxyType(  # of words, for showing many of them
    {
        kind: frozenset(words.split())
        for kind, words in {
            "colours": "black blue brown cyan gray green grey orange pink purple red white yellow",
            "shapes": "circle cross diamond heart ring shape shapes square star triangle",
            "things": "boat cloud fish flower house moon mountain rocket sun tree",
            "patterns": "checked dotted plain spotted striped stripes dots",
            "sizes": "big huge large little medium small tiny",
            "numbers": "one two three four five six single pair",
            "places": "above background below beside behind beneath between bottom center centre corner front ground "
            "left middle near next over right side sky top under",
            "times": "day daytime evening morning night nighttime",
        }.items()
    }
)
OTHERS = "others"  # words of no kind


@lru_cache(maxsize=64)
def load_vocabulary(tokenizer: Path) -> frozenset[str]:
    """The tokens of the `vocab.json` in a tokenizer's folder."""
    return frozenset(json.loads((tokenizer / "vocab.json").read_text(encoding="utf-8")))


def known_words(prompt: str, vocabulary: frozenset[str]) -> dict[str, bool]:
    """Each word of a prompt, in its order: known is what is a token of its own; of single letters only "a" is."""
    words = re.findall(r"[^\W\d_]+", prompt.lower())
    return {word: word + TAIL in vocabulary and (len(word) > 1 or word == "a") for word in words}


def all_words(vocabulary: Iterable[str]) -> list[str]:
    """Every word that `known_words` would tell as known, in order of the alphabet."""
    ends = (token.removesuffix(TAIL) for token in vocabulary if token.endswith(TAIL))
    return sorted(word for word in ends if word == "a" or (len(word) > 1 and word.isalpha()))


def by_kind(words: Iterable[str]) -> dict[str, list[str]]:
    """`words` in their order by KINDS, and those of none as OTHERS; kinds without any are left out."""
    words = list(words)
    known = frozenset().union(*KINDS.values())
    kinds = {kind: [word for word in words if word in its] for kind, its in KINDS.items()}
    kinds[OTHERS] = [word for word in words if word not in known]
    return {kind: some for kind, some in kinds.items() if some}
