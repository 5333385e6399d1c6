"""Everything of a run in one archive: report, contact sheet, tables, recipe, and the pictures themselves."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from io import BytesIO
from itertools import chain

from comparison import recipe
from comparison.export import files, sheet, tables
from comparison.export.files import Read
from comparison.export.report.page import html
from comparison.ranking import Rating
from comparison.record import RunRecord


def exports(
    record: RunRecord,
    read: Read,
    *,
    baseline: str | None = None,
    ratings: Sequence[Rating] = (),
    language: str = "en",
) -> Iterator[tuple[str, bytes]]:
    """Everything but the pictures, by file name."""
    replay = replays(record, read)
    page = html(record, read, baseline=baseline, ratings=ratings, recipe=replay, language=language)
    yield "report.html", page.encode()
    yield "sheet.png", sheet.png(record, read, baseline=baseline, language=language)
    yield "table.csv", tables.csv(record).encode("utf-8-sig")
    yield "data.json", tables.json(record, baseline or record.plan.models[0], ratings).encode()
    if replay is not None:
        yield "recipe.json", replay


def archive(
    record: RunRecord,
    read: Read,
    *,
    baseline: str | None = None,
    ratings: Sequence[Rating] = (),
    language: str = "en",
) -> bytes:
    """A ZIP, the same for the same run. Pictures that are gone are left out; the report says which."""
    buffer = BytesIO()
    moment = datetime.fromtimestamp(record.created, timezone.utc).timetuple()[:6]
    told = exports(record, read, baseline=baseline, ratings=ratings, language=language)
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in chain(told, _pictures(record, read)):
            entry = zipfile.ZipInfo(name, max(moment, (1980, 1, 1, 0, 0, 0)))  # ZIP knows no earlier year
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return buffer.getvalue()


def _pictures(record: RunRecord, read: Read) -> Iterator[tuple[str, bytes]]:
    for cell in record.cells:
        content = files.picture(cell, read)
        if cell.picture and content is not None:
            yield f"pictures/{cell.picture.file}", content


def replays(record: RunRecord, read: Read) -> bytes | None:
    """The recipe, which expects nothing of pictures that are gone; None: no cell can be made at all."""
    if not any(cell.request for cell in record.cells):
        return None
    there = (cell if files.image(cell, read) else cell.model_copy(update={"picture": None}) for cell in record.cells)
    return recipe.written(recipe.recipe(record.model_copy(update={"cells": tuple(there)}), read))
