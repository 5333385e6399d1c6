"""Which words a model knows, read from its tokenizer's vocabulary alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

TAIL = "</w>"  # ends a token that ends a word, in CLIP's vocabularies


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
