"""Of several watchers of one page only the newest goes on."""

from __future__ import annotations


class Turn:
    """Who of several watchers of one page is the newest; the others end."""

    def __init__(self) -> None:
        self.number = 0

    def next(self) -> int:
        self.number += 1
        return self.number
