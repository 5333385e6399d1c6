"""Everything of a comparison in one archive."""

import csv
import zipfile
from io import BytesIO, StringIO

import pytest
from PIL import Image

from comparison import recipe
from comparison.export.bundle import archive
from comparison.record import RunRecord
from comparison.votes import Outcome, Vote
from errors import UnknownPicture
from tests.made_runs import Made
from ui.compare.exports import EXPORTS, Source


def unpacked(made: Made, record: RunRecord | None = None) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(archive(record or made.record, made.read))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_it_holds_everything_and_the_pictures_as_they_are() -> None:
    made = Made("a lighthouse", "größer")
    found = unpacked(made)
    assert set(found) == {
        *("report.html", "sheet.png", "table.csv", "data.json", "recipe.json"),
        *(f"pictures/{number:04}.png" for number in range(4)),
    }
    assert found["pictures/0003.png"] == made.files["0003.png"]
    assert Image.open(BytesIO(found["sheet.png"])).format == "PNG"
    assert recipe.read(found["recipe.json"]).plan == made.record.plan
    rows = list(csv.DictReader(StringIO(found["table.csv"].decode("utf-8-sig"), newline="")))
    assert {f"pictures/{row['file']}" for row in rows} <= set(found)


def test_the_same_run_gives_the_same_archive() -> None:
    made = Made()
    assert archive(made.record, made.read) == archive(made.record, made.read)


def test_a_picture_that_is_gone_leaves_the_rest() -> None:
    made = Made("a lighthouse", "a fox")

    def read(name: str) -> bytes:
        if name == "0001.png":
            raise UnknownPicture("gone")
        return made.files[name]

    with zipfile.ZipFile(BytesIO(archive(made.record, read))) as packed:
        assert "pictures/0001.png" not in packed.namelist()
        expected = {cell.number: cell.expected for cell in recipe.read(packed.read("recipe.json")).cells}
    assert [number for number in expected if expected[number] is None] == [1]


def test_what_cannot_be_run_at_all_has_no_recipe() -> None:
    made = Made(models=("big",))
    assert "recipe.json" not in unpacked(made, made.changed(0, request=None, picture=None, measured=None))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("report.html", b"<!DOCTYPE html>"),
        ("sheet.png", b"\x89PNG"),
        ("sheet-light.png", b"\x89PNG"),
        ("recipe.json", b"{"),
        ("table.csv", b"\xef\xbb\xbfcell,row"),
        ("data.json", b"{"),
        ("all.zip", b"PK"),
    ],
)
def test_the_page_hands_on_each(name: str, start: bytes) -> None:
    made = Made()
    vote = Vote(run=made.record.id, row=0, left="big", right="small", outcome=Outcome.LEFT, created=0.0)
    assert EXPORTS[name].made(Source(made.record, made.read, "small", [vote], "de")).startswith(start)


def test_the_page_hands_on_nothing_else() -> None:
    assert len(EXPORTS) == 7
    made = Made(models=("big",))
    source = Source(made.changed(0, request=None, picture=None, measured=None), made.read, None, [], "en")
    with pytest.raises(UnknownPicture, match="has no recipe"):
        EXPORTS["recipe.json"].made(source)
