"""What a comparison can be handed on as: how each file is called, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from types import MappingProxyType

from comparison.export import sheet, tables
from comparison.export.bundle import archive, replays
from comparison.export.report.page import html
from comparison.ranking import Rating, ranking
from comparison.record import RunRecord
from comparison.votes import Vote, as_csv, as_json
from errors import UnknownPicture


@dataclass(frozen=True)
class Source:
    """A run, and whatever else an export may show."""

    record: RunRecord
    read: Callable[[str], bytes]  # a file of the run, by its name in the record
    baseline: str | None
    votes: Sequence[Vote]
    language: str

    @property
    def name(self) -> str:
        """Of a file, without its ending."""
        return f"darkroom-{datetime.fromtimestamp(self.record.created, timezone.utc):%Y%m%d-%H%M%S}"

    @property
    def ratings(self) -> Sequence[Rating]:
        return ranking(self.votes, self.record.plan.models)


@dataclass(frozen=True)
class Export:
    """One kind of file."""

    text: str  # key of what the page calls it
    kind: str  # media type
    made: Callable[[Source], bytes]


def _report(source: Source) -> bytes:
    return html(
        source.record,
        source.read,
        baseline=source.baseline,
        ratings=source.ratings,
        recipe=replays(source.record, source.read),
        language=source.language,
    ).encode()


def _sheet(source: Source) -> bytes:
    return sheet.png(source.record, source.read, baseline=source.baseline, language=source.language)


def _light_sheet(source: Source) -> bytes:
    return sheet.png(source.record, source.read, baseline=source.baseline, language=source.language, light=True)


def _archive(source: Source) -> bytes:
    return archive(
        source.record, source.read, baseline=source.baseline, ratings=source.ratings, language=source.language
    )


def _table(source: Source) -> bytes:
    return tables.csv(source.record).encode("utf-8-sig")  # the mark without which spreadsheets misread umlauts


def _data(source: Source) -> bytes:
    return tables.json(source.record, source.baseline, source.ratings).encode()


def _recipe(source: Source) -> bytes:
    found = replays(source.record, source.read)
    if found is None:
        raise UnknownPicture("This comparison has no recipe: nothing of it can be made.")
    return found


def _votes_table(source: Source) -> bytes:
    return as_csv(source.votes).encode("utf-8-sig")


def _votes_data(source: Source) -> bytes:
    return as_json(source.votes).encode()


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "report.html": Export("export_report", "text/html", _report),
        "sheet.png": Export("export_sheet", "image/png", _sheet),
        "sheet-light.png": Export("export_sheet_light", "image/png", _light_sheet),
        "recipe.json": Export("export_recipe", "application/json", _recipe),
        "table.csv": Export("export_csv", "text/csv", _table),
        "data.json": Export("export_json", "application/json", _data),
        "all.zip": Export("export_zip", "application/zip", _archive),
    }
)
VOTES: Mapping[str, Export] = MappingProxyType(
    {
        "votes.csv": Export("export", "text/csv", _votes_table),
        "votes.json": Export("export", "application/json", _votes_data),
    }
)
