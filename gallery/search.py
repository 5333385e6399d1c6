"""What is looked for in the index, as SQL. Values travel as parameters, never within the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_WORDS = 16
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9a-f]{32})")


@dataclass(frozen=True)
class Cursor:
    """The picture after which a page begins."""

    created: int
    id: str

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        match = _CURSOR.fullmatch(text)
        return cls(int(match[1]), match[2]) if match else None

    def __str__(self) -> str:
        return f"{self.created}-{self.id}"


@dataclass(frozen=True)
class Search:
    """Which pictures; without anything said, all."""

    words: str = ""  # each must begin a word of the prompt, or of the negative prompt
    model: str = ""
    sampler: str = ""
    tag: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    seed: int | None = None
    since: int | None = None  # microseconds since 1970, UTC; the first that is included
    until: int | None = None  # the first that is not
    starred: bool = False
    owner: str | None = None  # None: whoever made them

    def where(self, after: Cursor | None = None, last: Cursor | None = None) -> tuple[str, list[Any]]:
        """The condition, and its parameters; of the pictures behind `after`, up to `last`."""
        wanted: list[tuple[str, Sequence[Any]]] = [("NOT deleted", ())]
        if words := matching(self.words):
            wanted.append(("number IN (SELECT rowid FROM words WHERE words MATCH ?)", (words,)))
        if self.tag:
            wanted.append(("number IN (SELECT picture FROM tags WHERE tag = ?)", (self.tag,)))
        for column in ("model", "sampler", "width", "height", "seed"):
            if (value := getattr(self, column)) not in ("", None):
                wanted.append((f"{column} = ?", (value,)))
        if self.owner is not None:
            wanted.append(("owner = ?", (self.owner,)))
        if self.starred:
            wanted.append(("starred", ()))
        if self.since is not None:
            wanted.append(("created >= ?", (self.since,)))
        if self.until is not None:
            wanted.append(("created < ?", (self.until,)))
        if after is not None:
            wanted.append(("(created, id) < (?, ?)", (after.created, after.id)))
        if last is not None:
            wanted.append(("(created, id) >= (?, ?)", (last.created, last.id)))
        return " AND ".join(text for text, _ in wanted), [value for _, values in wanted for value in values]


def matching(words: str) -> str:
    """What people type as a query of FTS5, whose own signs have no meaning here; empty: nothing to look for."""
    return " ".join(f'"{word}"*' for word in re.findall(r"\w+", words)[:MOST_WORDS])
