"""`--data`: every form that pictures with captions come in, and what is refused before hours of work."""

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
import torch
from PIL import Image

from errors import ConfigError
from tests import picture_sets as sets
from tests.hub import Hub
from tests.published import use
from training.data.pictures import Broken, Pair, examine, square
from training.data.sources import Columns, Source, find

FORMS = {"csv": sets.with_csv, "jsonl": sets.with_jsonl, "texts": sets.with_texts, "shards": sets.shards}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_pairs(tmp_path: Path, form: str) -> None:
    source = find(str(FORMS[form](tmp_path / "set")))
    pairs = list(source.pairs())
    assert [pair.captions for pair in pairs] == [(text,) for _, text in sets.captions(4)]
    assert [pair.open().getpixel((0, 0)) for pair in pairs] == [
        (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)]  # fmt: skip
    assert [pair.captions for pair in source.pairs(3)] == [pairs[3].captions]


def test_a_saved_data_set_with_columns_of_its_own(tmp_path: Path) -> None:
    folder = sets.saved(tmp_path / "set")
    with pytest.raises(ConfigError, match=r"no column .*Its columns: photo, said.*--caption-column"):
        find(str(folder))
    with pytest.raises(ConfigError, match="has no column 'image' and 'said'"):
        find(str(folder), Columns(picture="image", caption="said"))
    with pytest.raises(ConfigError, match="has no column 'said' and 'photo' of pictures"):
        find(str(folder), Columns(picture="said", caption="photo"))
    pairs = list(find(str(folder), Columns(caption="said")).pairs(1))
    assert [pair.captions[1] for pair in pairs] == [text.upper() for _, text in sets.captions(4)[1:]]


def test_a_data_set_on_the_hub(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("ada/pictures", sets.parquet(tmp_path / "set"))
    use(hub, tmp_path / "hub", monkeypatch)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.url)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    source = find("ada/pictures", Columns(caption="said"))
    assert [pair.captions[0] for pair in source.pairs()] == [text for _, text in sets.captions(4)]
    assert next(source.pairs(2)).open().getpixel((0, 0)) == (0, 0, 255)
    assert find("ada/pictures", Columns(caption="said")).fingerprint == source.fingerprint
    with pytest.raises(ConfigError, match=r"ada/pictures has no split 'test'\. Name one with --split: train\."):
        find("ada/pictures", Columns(caption="said"), "test")
    with pytest.raises(ConfigError, match=r"ada/nothing cannot be read: .*ada/nothing"):
        find("ada/nothing")


def test_one_tar_alone(tmp_path: Path) -> None:
    tar = sets.shards(tmp_path / "set") / "00001.tar"
    assert [pair.captions[0] for pair in find(str(tar)).pairs()] == [text for _, text in sets.captions(4)[2:]]


def test_the_fingerprint_tells_when_a_file_changes(tmp_path: Path) -> None:
    folder = sets.with_texts(tmp_path / "set")
    copy = shutil.copytree(folder, tmp_path / "copy")
    first = find(str(folder)).fingerprint
    assert find(str(copy)).fingerprint == first
    (copy / "02.txt").write_text("another caption")
    assert find(str(copy)).fingerprint != first


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def notes(folder: Path) -> Path:
    empty(folder)
    (folder / "notes.md").write_text("none")
    return folder


def one_text_less(folder: Path) -> Path:
    (sets.with_texts(folder) / "02.txt").unlink()
    return folder


def one_row_less(folder: Path) -> Path:
    lines = (sets.with_csv(folder) / "metadata.csv").read_text().splitlines()
    (folder / "metadata.csv").write_text("\n".join(lines[:-1]) + "\n")
    return folder


def no_file_name(folder: Path) -> Path:
    text = (sets.with_csv(folder) / "metadata.csv").read_text()
    (folder / "metadata.csv").write_text(text.replace("file_name", "name"))
    return folder


def cut_tar(folder: Path) -> Path:
    path = sets.shards(folder) / "00001.tar"
    path.write_bytes(path.read_bytes()[:1500])
    return folder


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda folder: folder, r"does not exist\. Name a folder of pictures .* or a dataset on the hub"),
        (empty, r"is empty\. Name a folder of pictures"),
        (notes, "holds 1 files, none of which is a picture"),
        (lambda folder: notes(folder) / "notes.md", r"notes\.md is a file, not a folder\. Name a folder"),
        (sets.pictures, r"captions are missing; none is with 4 of its pictures \(00\.png, 01\.png, 02\.png, …\)"),
        (one_text_less, r"none is with 1 of its pictures \(02\.png\)\. Put a \.txt file"),
        (one_row_less, r"the metadata says nothing of 1 of its pictures \(03\.png\)"),
        (no_file_name, r"cannot be read: .*file_name"),
        (cut_tar, r"00001\.tar is cut off, or no tar file\. Put a whole copy"),
    ],
)
def test_what_is_no_set_of_pictures_is_refused(tmp_path: Path, made: Callable[[Path], object], message: str) -> None:
    folder = tmp_path / "set"
    found = made(folder)
    with pytest.raises(ConfigError, match=message):
        find(str(found if isinstance(found, Path) else folder))


def test_a_tar_that_ends_within_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.tar"
    with tarfile.open(path, "w") as tar:
        for name, text in sets.captions(8):
            sets.add(tar, name, sets.png(text.split()[1]))
            sets.add(tar, name.replace("png", "txt"), text.encode())
        sets.add(tar, "99.png", bytes(5000))
    path.write_bytes(path.read_bytes()[: 16 * 1024 + 1024] + bytes(512))  # its end is that of a whole one
    source = find(str(path))
    with pytest.raises(ConfigError, match=r"a \.tar file is cut off or damaged after \d pictures \(unexpected end"):
        list(source.pairs())


def looked_at(folder: Path, side: int = 64, least: int = 1) -> int:
    source: Source = find(str(folder))
    return examine(source.name, source.pairs(), side, least=least)


def test_broken_speechless_and_small_pictures_are_named(tmp_path: Path) -> None:
    folder = sets.with_texts(tmp_path / "set", 8)
    assert looked_at(folder) == 8
    for name in ("00.png", "01.png", "02.png", "03.png"):
        (folder / name).write_bytes((folder / name).read_bytes()[:60])
    (folder / "04.txt").write_text(" \n")
    (folder / "05.png").write_bytes(sets.png("red", 200, 31))
    with pytest.raises(ConfigError) as caught:
        looked_at(folder)
    told = str(caught.value)
    assert "of 8 pictures, 4 (00.png: " in told
    assert told.count(".png: ") == 3
    assert "; …) cannot be opened. Mend them or take them out." in told
    assert "1 (04.png) lack a caption." in told
    assert "1 (05.png, 200×31) are far too small. Take them out, or name a smaller --size." in told


def test_metadata_of_a_picture_that_is_not_there(tmp_path: Path) -> None:
    folder = sets.with_csv(tmp_path / "set")
    (folder / "01.png").unlink()
    with pytest.raises(ConfigError, match=r"1 \(01\.png: .*\) cannot be opened"):
        looked_at(folder)


def test_too_few_pictures(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds 4 pictures, and a batch is 5\. Name more pictures or a smaller"):
        looked_at(sets.with_texts(tmp_path / "set"), least=5)


def test_a_picture_is_cut_in_the_middle_and_scaled() -> None:
    wide = Image.new("RGB", (400, 100), "red")
    wide.paste("blue", (150, 0, 250, 100))
    found = square(wide, 50)
    assert found.pixels.shape == (3, 50, 50)
    assert torch.equal(found.pixels[:, 25, 25], torch.tensor([-1.0, -1.0, 1.0]))
    assert found.pixels[2].min() > 0.8  # next to nothing of the red beside it
    assert found.time_ids == (100, 400, 0, 75, 50, 50)


def test_scaling_looks_at_every_pixel() -> None:
    stripes = Image.new("L", (256, 256))
    stripes.putdata([255 * (number % 2) for number in range(256 * 256)])
    grey = square(stripes.convert("RGB"), 32).pixels
    assert grey[:, 4:-4, 4:-4].abs().max() < 0.05


def test_transparent_turned_and_broken_pictures(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    clear = Pair("clear", None, str(tmp_path / "clear.png"), ("nothing",)).open()
    assert (clear.mode, clear.getpixel((0, 0))) == ("RGB", (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert Pair("turned", None, str(tmp_path / "turned.jpg"), ()).open().size == (4, 8)
    with pytest.raises(Broken):
        Pair("text", b"no picture", "", ()).open()
