"""The contact sheet: what is on it, that it stays within its bounds, and that words of any kind do it no harm."""

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from colours import DARK, LIGHT
from comparison.export import sheet
from comparison.export.labels import labels
from comparison.export.layout import MOST, layout
from comparison.export.lettering import Lettering
from comparison.export.texts import NO_BREAK, TEXTS
from comparison.plan import Plan
from comparison.record import RunRecord, State
from errors import UnknownPicture
from generation import mark
from recipes.png import read
from tests.made_runs import HOSTILE, Made

ENGLISH = TEXTS["en"]


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("RGB")


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def test_every_picture_is_there_at_most_twice_its_size() -> None:
    made = Made("a lighthouse", "a fox", side=64)
    shown = opened(sheet.png(made.record, made.read))
    counts = {colour: count for count, colour in shown.getcolors(1 << 24) or []}
    for cell in made.record.cells:
        assert cell.picture
        colour = opened(made.files[cell.picture.file]).getpixel((0, 0))
        assert counts[colour] == 128 * 128  # type: ignore[index]


def test_it_says_what_was_compared_and_that_models_made_it() -> None:
    made = Made("ein Mädchen mit Hut")
    texts = read(sheet.png(made.record, made.read)).texts
    assert mark.SOURCE in texts[mark.KEYWORD]
    assert Plan.model_validate_json(texts[sheet.PLAN]) == made.record.plan
    assert json.loads(texts[sheet.PLAN])["prompts"] == ["ein Mädchen mit Hut"]


def test_the_words_around_the_pictures() -> None:
    made = Made("a lighthouse", "a fox", seeds=(7, 8), steps=(4,))
    found = labels(made.record, ENGLISH)
    assert found.headline == "2 prompts on 2 models"
    assert plain(found.held) == "4 steps · 32×32"
    assert [row.prompt for row in found.rows] == ["a lighthouse"] * 2 + ["a fox"] * 2
    assert [plain(row.axes) for row in found.rows] == ["Seed 7", "Seed 8"] * 2
    assert [plain(column.took) for column in found.columns] == ["4.00 s a picture", "2.50 s a picture"]
    assert [column.against for column in found.columns] == ["the baseline", "1.6× faster"]
    assert found.made == "2026-01-01 00:00 UTC"
    assert "NVIDIA H200, float16" in found.machine
    german = labels(made.record, TEXTS["de"])
    assert (german.headline, plain(german.columns[1].took)) == ("2 Prompts auf 2 Modellen", "2,50 s je Bild")


def test_one_prompt_is_the_headline_and_a_missing_picture_is_counted() -> None:
    made = Made("a lighthouse")
    found = labels(made.failed(1, "no memory"), ENGLISH)
    assert found.headline == "a lighthouse"
    assert found.held.endswith("1 of 2 pictures")
    assert found.columns[1].took == ""


@pytest.mark.parametrize("state", [State.FAILED, State.STOPPED, State.WAITING, State.RUNNING])
def test_a_picture_that_is_not_there_says_why(state: State) -> None:
    made = Made()
    missing = made.changed(1, state=state, error="no memory", picture=None)
    silent = made.changed(1, state=state, error=None, picture=None)
    one, other = (opened(sheet.png(record, made.read)) for record in (missing, silent))
    assert one.size == other.size
    assert ImageChops.difference(one, other).getbbox()


@pytest.mark.parametrize("fault", [UnknownPicture("gone"), OSError("gone"), b"torn"])
def test_a_file_that_is_gone_or_torn_does_not_end_it(fault: Exception | bytes) -> None:
    made = Made()

    def broken(name: str) -> bytes:
        if name != "0001.png":
            return made.files[name]
        if isinstance(fault, bytes):
            return made.files[name][:90]
        raise fault

    assert opened(sheet.png(made.record, broken)).size == opened(sheet.png(made.record, made.read)).size


def test_by_daylight_it_has_the_other_colours() -> None:
    made = Made()
    for light, colours in ((False, DARK), (True, LIGHT)):
        shown = opened(sheet.png(made.record, made.read, light=light))
        assert "#{:02x}{:02x}{:02x}".format(*shown.getpixel((0, shown.height - 1))) == colours["room"]  # type: ignore[misc]


def big(prompts: int, models: int, **axes: Any) -> RunRecord:
    names = tuple(f"model {number}" for number in range(models))
    return Made(*(f"prompt {number}" for number in range(prompts)), models=names, side=8, **axes).record


@pytest.mark.parametrize(("prompts", "models"), [(1, 1), (1, 16), (40, 2), (12, 12), (1, 4)])
@pytest.mark.parametrize("size", [(128, 128), (1344, 768), (512, 768)])
def test_a_sheet_keeps_to_what_can_be_posted_and_its_pictures_apart(
    prompts: int, models: int, size: tuple[int, int]
) -> None:
    found = layout(labels(big(prompts, models), ENGLISH), *size)
    assert max(found.size) <= MOST
    boxes = [found.frame_at(row, column) for row in range(prompts) for column in range(models)]
    assert len(set(boxes)) == prompts * models
    for x, y in boxes:
        assert 0 < x < x + found.width_of_picture < found.size[0]
        assert found.top < y < y + found.height_of_picture < found.size[1]
    assert found.width_of_picture <= 2 * size[0]
    assert abs(found.width_of_picture / found.height_of_picture - size[0] / size[1]) < 0.03


def test_a_tower_is_folded_and_a_prompts_rows_stay_together() -> None:
    found = layout(labels(big(9, 1, seeds=(1, 2)), ENGLISH), 512, 512)
    assert found.blocks > 1
    assert found.rows_of_block % 2 == 0
    starts = [row for row in range(18) if found.prompt(row)]
    assert starts == list(range(0, 18, 2))


def test_words_stay_within_their_width_and_are_cut_with_an_ellipsis() -> None:
    lettering = Lettering(16)
    for text in ("word " * 300, "w" * 900, HOSTILE * 9, "Größe 日本語 " * 50, "العربية " * 80):
        lines = lettering.lines(text, 200, 4)
        assert len(lines) == 4
        assert lines[-1].endswith("…")
        assert all(lettering.width(line) <= 200 for line in lines)
    assert lettering.lines("one\n two\t\x00\ud800three", 400, 4) == ["one two three"]
    assert lettering.lines("", 400, 4) == []


@pytest.mark.parametrize("bold", [False, True])
def test_umlauts_cyrillic_and_greek_are_drawn(bold: bool) -> None:
    shapes = set()
    for letter in "aäoöuüßéłπЖ×·…–":
        canvas = Image.new("L", (40, 40))
        Lettering(24, bold).draw(ImageDraw.Draw(canvas), (4, 30), letter, "white")
        shapes.add(canvas.tobytes())
    assert len(shapes) == 15


def test_hostile_words_are_only_drawn() -> None:
    made = Made(HOSTILE, "\u202eabc", seeds=(1, 2), negative_prompt="x" * 4000)
    assert opened(sheet.png(made.failed(0, HOSTILE * 20), made.read, language="de")).width > 100
