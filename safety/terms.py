"""Lists of words as patterns that find them however their letters are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

_WRITTEN = {  # a letter's signs, beside itself; see plain.LEET
    "a": "4@", "b": "8", "e": "3€", "g": "9", "i": "1!|l", "l": "1|i", "o": "0", "s": "5$", "t": "7+",
    "u": "v", "z": "2",
}  # fmt: skip
_MORE = 2  # times that a letter may stand oftener than it should; plain.py leaves two of a kind in a row


def pattern(words: Iterable[str], within: bool = False) -> re.Pattern[str]:
    """Finds any of `words` in a reading; `within` other letters too, else as words of their own."""
    listed = "|".join(_spelling(word) for word in words)
    return re.compile(listed if within else rf"(?<![a-z])(?:{listed})(?![a-z])")


def _spelling(word: str) -> str:
    return " ?".join(_letters(part) for part in word.split())


def _letters(part: str) -> str:
    return "".join(_repeated(letter, len(list(run))) for letter, run in groupby(part))


def _repeated(letter: str, times: int) -> str:
    signs = re.escape(letter + _WRITTEN.get(letter, ""))
    return f"[{signs}]{{{times},{times + _MORE}}}"
