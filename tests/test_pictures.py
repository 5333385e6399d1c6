"""Where pictures go and how they are written."""

from pathlib import Path

import pytest

from errors import DarkroomError, InvalidRequest
from generation.events import Picture
from terminal.pictures import Destination, destination, write

PICTURE = Picture(index=1, seed=8, width=64, height=64, png=b"png", infotext="")


def test_a_name_that_ends_in_png_is_a_file(tmp_path: Path) -> None:
    asked = destination(str(tmp_path / "cat.PNG"))
    assert asked == Destination(tmp_path, "cat")
    assert asked.path(PICTURE, "tiny", count=1) == tmp_path / "cat.png"
    assert asked.path(PICTURE, "tiny", count=3) == tmp_path / "cat-2.png"


def test_any_other_name_is_a_folder(tmp_path: Path) -> None:
    assert destination(str(tmp_path / "v1.2")) == Destination(tmp_path / "v1.2", None)
    (tmp_path / "album.png").mkdir()
    assert destination(str(tmp_path / "album.png")) == Destination(tmp_path / "album.png", None)


def test_in_a_folder_nothing_is_overwritten(tmp_path: Path) -> None:
    asked = Destination(tmp_path, None)
    names = []
    for _ in range(3):
        path = asked.path(PICTURE, "tiny", count=1)
        write(path, PICTURE.png)
        names.append(path.name)
    assert names == ["tiny-8.png", "tiny-8-2.png", "tiny-8-3.png"]


@pytest.mark.parametrize("out", ["", "cat.jpg", "cat.webp", "a\nb", "\x1b[31m.png"])
def test_a_name_that_can_not_be_meant_is_refused(out: str) -> None:
    with pytest.raises(InvalidRequest, match="--out is"):
        destination(out)


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match=r"file is not a folder\. Name another place"):
        destination(str(tmp_path / "file" / "cat.png"))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"older and longer")
    write(tmp_path / "cat.png", b"new")
    assert (tmp_path / "cat.png").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_can_not_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "cat.png").mkdir()
    with pytest.raises(DarkroomError, match=r"cat.png cannot be written \(Is a directory\)"):
        write(tmp_path / "cat.png", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["cat.png"]


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "cat.png").write_bytes(b"old")
    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "cat.png", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
