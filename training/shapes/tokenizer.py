"""A CLIP tokenizer in which each word of the captions is one token and any other word falls into harmless pieces.

So `models/vocabulary.py` can tell from `vocab.json` alone which words the model knows: pieces of unknown words never
end a word, unless they are one letter long.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from transformers import CLIPTokenizer

from models.vocabulary import TAIL
from training.shapes.captions import FILLERS, vocabulary

START, END = "<|startoftext|>", "<|endoftext|>"
PIECES = 300  # merges for unknown words, so that they do not fill the 77 places letter by letter
LENGTH = 77

Pair = tuple[str, str]


def write_tokenizer(folder: Path, words: tuple[str, ...] = vocabulary()) -> None:
    """vocab.json, merges.txt and the configuration, in CLIP's format; `words` are those that mean something."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = word_merges(words)
    merges += piece_merges([word for word in FILLERS if word not in words], merges)
    letters = byte_letters()
    tokens = [*letters, *(letter + TAIL for letter in letters), *("".join(pair) for pair in merges), START, END]
    ids = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False, indent=0), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=LENGTH
    ).save_pretrained(folder)


def word_merges(words: Iterable[str]) -> list[Pair]:
    """Merges that make each word one token: as far as those before it take it, then from the left."""
    merges: list[Pair] = []
    for word in words:
        pieces = split(word, merges)
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
    return merges


def piece_merges(words: list[str], before: list[Pair]) -> list[Pair]:
    """The most frequent pairs within unknown words, never at a word's end: a token that ends a word is a known word."""
    merges: list[Pair] = []
    splits = [split(word, before) for word in words]
    while len(merges) < PIECES:
        pairs = Counter(pair for pieces in splits for pair in pairwise(pieces) if not pair[1].endswith(TAIL))
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        splits = [join(pieces, best) for pieces in splits]
    return merges


def split(word: str, merges: list[Pair]) -> list[str]:
    """Byte pair encoding: the earliest merge that applies, until none does."""
    pieces = [*word[:-1], word[-1] + TAIL]
    rank = {pair: number for number, pair in enumerate(merges)}
    while known := [pair for pair in pairwise(pieces) if pair in rank]:
        pieces = join(pieces, min(known, key=rank.__getitem__))
    return pieces


def join(pieces: list[str], pair: Pair) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        if joined and (joined[-1], piece) == pair:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, of which byte pair encoding starts."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(len(hidden))]
