"""What happens when pictures of a comparison are to be looked at closely."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from comparison.difference import difference
from comparison.record import CellRecord, RunRecord
from comparison.runs import Runs
from errors import InvalidRequest, UnknownPicture
from studio import Studio
from ui.cache import cached
from ui.compare import closeup
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.visitor import pressed, texts_for
from visitors.asking import caller_of


class Closely:
    """The handlers of what opens above the tab."""

    def __init__(self, studio: Studio, runs: Runs) -> None:
        self.studio, self.runs = studio, runs

    def open(self, shown: str, request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
        """Two cells, or the film strips of a row: the dialog, and the pictures of its slider."""
        texts, told = texts_for(request), pressed(event)
        if told.get("act") not in ("look", "strips"):
            return SKIP, SKIP
        with refusals_shown(texts):
            record = self.studio.run(shown, caller_of(request))
            if told["act"] == "strips":
                row = _number(told.get("row"))
                if not any(cell.row == row and cell.picture and cell.picture.frames for cell in record.cells):
                    raise UnknownPicture(texts["no_frames"])
                return closeup.strips(record, row, time.time_ns(), texts), SKIP
            cells = (_cell(record, told.get("a")), _cell(record, told.get("b")))
            contents = [self.runs.file(shown, cell.picture.file) for cell in cells if cell.picture]
            found: closeup.Found
            try:
                found = difference(*contents)
            except InvalidRequest as error:
                found = str(error)
            files = tuple(
                cached(content, f"{side}.png", record.owner) for side, content in zip("ab", contents, strict=True)
            )
            return closeup.pair(record, cells, found, time.time_ns(), texts), files


def _cell(record: RunRecord, told: Any) -> CellRecord:
    """Raises UnknownPicture for one that has no picture."""
    number = _number(told)
    if not 0 <= number < len(record.cells) or record.cells[number].picture is None:
        raise UnknownPicture("This comparison has no such picture.")
    return record.cells[number]


def _number(told: Any) -> int:
    """What a button told; -1: no number."""
    text = str(told)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
