"""A saved picture as JPEG and WebP, with its recipe and the mark where other programs look for them."""

import json
import struct
import zipfile
from io import BytesIO

import pytest
from PIL import Image

from errors import UnknownPicture
from gallery.formats import KINDS, converted, exif
from gallery.gallery import Gallery
from generation import infotext, mark
from tests.pictures import png, saved
from ui.album.archive import archive

PROMPT = "ein Schloß 🏰\nin the fog, (detailed:1.2)"


@pytest.mark.parametrize("kind", KINDS)
def test_recipe_and_mark_are_where_other_programs_look(kind: str) -> None:
    content = png(PROMPT, side=64)
    with Image.open(BytesIO(converted(content, kind))) as image:
        assert image.format == {"jpg": "JPEG", "webp": "WEBP"}[kind]
        assert image.size == (64, 64)
        comment = image.getexif().get_ifd(0x8769)[0x9286]
        assert mark.SOURCE.encode() in image.info["xmp"]
    assert comment[:8] == b"UNICODE\0"
    text = comment[8:].decode("utf-16-be")
    assert text == infotext.inside(content)
    assert infotext.read(text)["prompt"] == PROMPT


def test_the_comment_has_the_type_that_piexif_reads() -> None:
    content = exif("text")
    order, magic, first = struct.unpack_from(">2sHL", content)
    assert (order, magic) == (b"MM", 42)
    count, tag, kind, _, second = struct.unpack_from(">HHHLL", content, first)
    assert (count, tag, kind) == (1, 0x8769, 4)
    count, tag, kind, length, at = struct.unpack_from(">HHHLL", content, second)
    assert (count, tag, kind) == (1, 0x9286, 7)  # UNDEFINED
    assert content[at : at + length] == b"UNICODE\0" + "text".encode("utf-16-be")
    assert at + length == len(content)


def test_colours_stay_as_they_are() -> None:
    content = png(side=64)
    for kind in KINDS:
        with Image.open(BytesIO(converted(content, kind))) as image:
            pixel = image.convert("RGB").getpixel((30, 30))
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, (200, 60, 40), strict=True)) <= 4


def test_a_recipe_that_a_jpeg_has_no_room_for_is_refused() -> None:
    content = infotext.png(Image.new("RGB", (8, 8)), "x" * 40_000)
    with pytest.raises(ValueError, match="take PNG or WebP"):
        converted(content, "jpg")
    assert converted(content, "webp")


def test_what_is_too_large_to_decode_is_refused(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    id = saved(gallery, side=64)
    monkeypatch.setattr("gallery.formats.MOST_PIXELS", 1000)
    with pytest.raises(UnknownPicture, match="64x64 is more than is decoded here"):
        gallery.converted(id, "jpg")
    with pytest.raises(UnknownPicture, match="64x64"):
        gallery.thumbnail(id)


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("jpg", b"\xff\xd8"), ("webp", b"RIFF")])
def test_a_zip_holds_what_is_there_each_with_its_recipe(gallery: Gallery, kind: str, start: bytes) -> None:
    ids = [saved(gallery, PROMPT, seed=seed) for seed in (0, 5)]
    gallery.tag(ids, ["kept"])
    sent = b"".join(archive(gallery, [*ids, "0" * 32], kind, gallery.find, recipes=True))
    with zipfile.ZipFile(BytesIO(sent)) as file:
        assert file.testzip() is None
        names = [f"darkroom-{seed}-{id[:8]}" for seed, id in zip((0, 5), ids, strict=True)]
        assert file.namelist() == [f"{name}.{ending}" for name in names for ending in (kind, "json")]
        assert file.read(file.namelist()[2]).startswith(start)
        said = json.loads(file.read(file.namelist()[3]))
        assert file.getinfo(file.namelist()[0]).date_time == (2026, 1, 1, 0, 0, 0)
    assert said["settings"]["prompt"] == PROMPT
    assert (said["settings"]["seed"], said["tags"]) == (5, ["kept"])
    assert said["parameters"] == gallery.find(ids[1]).parameters


def test_a_zip_has_the_png_of_what_is_no_jpeg(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    id = saved(gallery)
    monkeypatch.setattr("gallery.formats.MOST_EXIF", 10)
    sent = b"".join(archive(gallery, [id], "jpg", gallery.find, recipes=False))
    with zipfile.ZipFile(BytesIO(sent)) as file:
        assert [name.rpartition(".")[2] for name in file.namelist()] == ["png"]
