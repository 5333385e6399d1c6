"""Stars and tags: kept beside the pictures, whatever becomes of the index."""

import sqlite3
from pathlib import Path

import pytest

from errors import GalleryUnavailable, InvalidRequest
from gallery import marks, schema
from gallery.gallery import Gallery
from gallery.marks import Marks, tags_in
from gallery.search import Search
from tests.pictures import ALL, SECOND, prompts, saved


def test_tags_are_added_removed_and_found(gallery: Gallery) -> None:
    one, other = saved(gallery, "one", owner="fedcba9876543210"), saved(gallery, "other", at=SECOND)
    gallery.tag([one, other], tags_in(" portfolio,  red   things,portfolio"))
    gallery.untag([other], ["portfolio"])
    assert gallery.find(one).tags == ("portfolio", "red things")
    assert prompts(gallery, Search(tag="portfolio")) == ["one"]
    assert prompts(gallery, Search(tag="red things")) == ["other", "one"]
    assert gallery.values("tag", None) == ["portfolio", "red things"]
    assert gallery.values("tag", "0" * 16) == []
    gallery.tag([one], ["theirs"], owner="0" * 16)
    assert gallery.find(one).tags == ("portfolio", "red things")
    gallery.delete([one])
    assert gallery.values("tag", None) == ["red things"]
    gallery.restore([one])
    assert gallery.find(one).tags == ("portfolio", "red things")


@pytest.mark.parametrize("text", ["x" * 61, "two\x00signs", "\ud800"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is no tag"):
        tags_in(text)


def test_too_many_tags_are_refused_and_none_is_added(gallery: Gallery) -> None:
    id = saved(gallery)
    gallery.tag([id], [str(number) for number in range(50)])
    with pytest.raises(InvalidRequest, match="may have 50 tags, and would have 51"):
        gallery.tag([id], ["one more"])
    assert len(gallery.find(id).tags) == 50


def test_stars_and_tags_outlive_the_index(gallery: Gallery) -> None:
    ids = [saved(gallery, str(number)) for number in range(3)]
    gallery.star(ids[:2], True)
    gallery.tag(ids[1:], ["kept"])
    gallery.star(ids[:1], False)
    with gallery.folder.marks.open("a") as file:
        file.write('{"id": "' + ids[0] + '", "starred": true, "ta')  # torn
    gallery.tag(ids[2:], ["later"])
    before = gallery.page(Search(), None, ALL)
    gallery.close()
    for path in gallery.folder.root.glob("gallery.sqlite*"):
        path.unlink()
    again = Gallery(gallery.folder.root)
    assert again.page(Search(), None, ALL) == before
    again.reindex()
    assert again.page(Search(), None, ALL) == before
    assert len(again.folder.marks.read_text().splitlines()) == 2  # each of those that have some, once
    again.close()


@pytest.mark.parametrize("line", ["[]", "1", '{"id": "x", "starred": true, "tags": []}', "[" * 5000, '{"id": 1}'])
def test_a_line_that_says_nothing_of_a_picture_is_passed_over(tmp_path: Path, line: str) -> None:
    path, id = tmp_path / "marks.jsonl", "0" * 32
    path.write_text(f'{line}\n{{"id": "{id}", "starred": true, "tags": [1, "a", "a,b"]}}\n')
    assert marks.read(path) == {id: Marks(True, ("a",))}


def test_marks_that_cannot_be_noted_are_not_made(gallery: Gallery) -> None:
    id = saved(gallery)
    gallery.folder.marks.unlink()
    gallery.folder.marks.mkdir()
    with pytest.raises(GalleryUnavailable):
        gallery.star([id], True)
    gallery.folder.marks.rmdir()
    assert not gallery.find(id).starred


def test_an_index_of_the_first_version_keeps_all_that_it_knew(gallery: Gallery) -> None:
    kept, deleted = saved(gallery, "kept"), saved(gallery, "deleted")
    gallery.star([kept], True)
    gallery.delete([deleted])
    gallery.close()
    made_by_the_first_version(gallery)
    again = Gallery(gallery.folder.root)
    assert prompts(again, Search(starred=True)) == prompts(again, Search(words="kep")) == ["kept"]
    again.tag([kept], ["new"])
    assert prompts(again, Search(tag="new", width=8, height=8)) == ["kept"]
    again.reindex()
    assert prompts(again, Search(tag="new", starred=True)) == prompts(again) == ["kept"]
    again.close()


def made_by_the_first_version(gallery: Gallery) -> None:
    """The same gallery as the first version of the schema had it: without tags, and without a file of marks."""
    path = gallery.folder.index
    with sqlite3.connect(path) as new:
        rows = new.execute("SELECT * FROM pictures").fetchall()
    new.close()
    for file in (gallery.folder.marks, *gallery.folder.root.glob("gallery.sqlite*")):
        file.unlink()
    with sqlite3.connect(path) as old:
        for statement in schema.STEPS[0]:
            old.execute(statement)
        old.executemany(f"INSERT INTO pictures VALUES ({', '.join('?' * len(rows[0]))})", rows)
        old.execute("PRAGMA user_version = 1")
    old.close()
