"""The gallery's files and index: whole or not there, found again, true to each other."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from errors import GalleryUnavailable, UnknownPicture
from gallery import schema
from gallery.entry import Name, described
from gallery.gallery import Gallery, Swept
from gallery.search import Cursor, Search, matching
from generation import infotext, mark
from recipes.png import Damaged, read
from tests.pictures import ALL, DAY, MOMENT, SECOND, png, prompts, saved

ROOT = Path(__file__).parents[1]


def file(gallery: Gallery, id: str) -> Path:
    return gallery.folder.picture(gallery.find(id).name)


# Files


def test_a_picture_is_kept_byte_for_byte_and_described(gallery: Gallery) -> None:
    content = png("a cat\non a mat", negative_prompt="dogs", steps=5, seed=11, guidance_scale=3.5, sampler="DDIM")
    entry = gallery.save(Name.new(), content)
    assert gallery.content(entry.name.id) == content
    assert gallery.find(entry.name.id) == entry
    assert (entry.prompt, entry.negative_prompt, entry.model) == ("a cat\non a mat", "dogs", "mini-sd")
    assert (entry.steps, entry.seed, entry.guidance_scale, entry.sampler) == (5, 11, 3.5, "DDIM")
    assert (entry.width, entry.height) == (8, 8)


def test_every_picture_is_marked_as_made_by_a_model() -> None:
    texts = read(png()).texts
    assert mark.SOURCE in texts[mark.KEYWORD]
    assert infotext.inside(png()) == texts[infotext.CHUNK]


def test_a_name_says_when_and_whose() -> None:
    name = Name("0123456789abcdef" * 2, MOMENT + 5, "fedcba9876543210")
    assert name.path.as_posix() == f"2026-01-01/20260101-000000-000005-{name.id}-fedcba9876543210.png"
    assert Name.of(name.file) == name
    assert Name.of(Name(name.id, MOMENT).file) == Name(name.id, MOMENT)
    for other in ("x.png", f"20261301-000000-000005-{name.id}.png", name.file + ".part", f"../{name.file}"):
        assert Name.of(other) is None


@pytest.mark.parametrize("cut", [0, 8, 20, 60, -1, -12])
def test_what_is_not_a_whole_picture_is_not_kept(gallery: Gallery, cut: int) -> None:
    with pytest.raises(Damaged):
        gallery.save(Name.new(), png()[:cut])
    assert prompts(gallery) == []


def test_a_changed_byte_is_noticed() -> None:
    content = bytearray(png())
    content[-20] ^= 1
    with pytest.raises(Damaged, match="checksum"):
        described(Name.new(), bytes(content))


def test_a_file_that_somebody_removed_is_forgotten(gallery: Gallery) -> None:
    id = saved(gallery)
    file(gallery, id).unlink()
    with pytest.raises(UnknownPicture, match="gone from the disk"):
        gallery.content(id)
    assert prompts(gallery) == []


# Search


def test_newest_first_in_pages_that_hold_each_picture_once(gallery: Gallery) -> None:
    for number in range(25):
        saved(gallery, f"picture {number}", at=number // 2 * SECOND)  # two of a time
    found: list[str] = []
    after: Cursor | None = None
    while page := gallery.page(Search(), after, 4):
        found += [entry.prompt for entry in page]
        after = Cursor(page[-1].name.created, page[-1].name.id)
        assert Cursor.read(str(after)) == after
    assert len(found) == len(set(found)) == 25
    order = [int(prompt.split()[1]) // 2 for prompt in found]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("fox", 1),
        ("FOX den", 1),
        ("brown fox", 0),
        ("ligh", 1),
        ("ecole", 1),
        ("fog", 1),
        ("日本", 1),
        ("", 4),
        ('" OR * NEAR(', 0),
        ("***", 4),
        ("prompt:fox", 0),
    ],
)
def test_words_are_found(gallery: Gallery, words: str, count: int) -> None:
    saved(gallery, "a red fox in its den")
    saved(gallery, "lighthouse", negative_prompt="fog")
    saved(gallery, "une École")
    saved(gallery, "日本語の絵")
    assert len(prompts(gallery, Search(words=words))) == count
    assert gallery.count(Search(words=words)) == count


def test_no_word_is_part_of_the_query_language() -> None:
    assert matching('fox" OR NOT den* -cat') == '"fox"* "OR"* "NOT"* "den"* "cat"*'


def test_filters_narrow_and_combine(gallery: Gallery) -> None:
    saved(gallery, "one", at=0, sampler="DDIM")
    saved(gallery, "two", at=DAY, sampler="Euler")
    star = saved(gallery, "three", at=2 * DAY, model="ssd-1b", width=1024, height=1024)
    saved(gallery, "four", at=3 * DAY, owner="fedcba9876543210")
    gallery.star([star], True)
    assert prompts(gallery, Search(sampler="DDIM")) == ["one"]
    assert prompts(gallery, Search(model="ssd-1b")) == ["three"]
    assert prompts(gallery, Search(starred=True)) == ["three"]
    assert prompts(gallery, Search(since=MOMENT + DAY, until=MOMENT + 3 * DAY)) == ["three", "two"]
    assert prompts(gallery, Search(owner="fedcba9876543210")) == ["four"]
    assert prompts(gallery, Search(words="t", model="mini-sd", sampler="Euler")) == ["two"]
    assert gallery.values("model", None) == ["mini-sd", "ssd-1b"]
    assert gallery.values("model", "fedcba9876543210") == ["mini-sd"]
    gallery.star([star], False)
    assert prompts(gallery, Search(starred=True)) == []


def test_pictures_are_found_by_size_and_seed(gallery: Gallery) -> None:
    saved(gallery, "zero", seed=0)
    saved(gallery, "large", seed=5, side=16)
    assert prompts(gallery, Search(seed=0)) == ["zero"]
    assert prompts(gallery, Search(width=16, height=16)) == ["large"]
    assert prompts(gallery, Search(width=16, height=8)) == []
    assert gallery.values("size", None) == ["8 × 8", "16 × 16"]


def test_a_page_ends_where_it_is_told_to(gallery: Gallery) -> None:
    for number in range(5):
        saved(gallery, str(number), at=number * SECOND)
    names = [entry.name for entry in gallery.page(Search(), None, ALL)]
    ends = [Cursor(name.created, name.id) for name in (names[0], names[2])]
    assert [entry.prompt for entry in gallery.page(Search(), ends[0], ALL, ends[1])] == ["3", "2"]


# Deleting


def test_what_was_deleted_can_be_had_back(gallery: Gallery) -> None:
    kept, id = saved(gallery, "kept"), saved(gallery, "deleted")
    gallery.star([id], True)
    assert gallery.delete([id, id, "0" * 32]) == [id]
    assert prompts(gallery) == prompts(gallery, Search(words="kept")) == ["kept"]
    for ask in (gallery.find, gallery.content):
        with pytest.raises(UnknownPicture):
            ask(id)
    assert gallery.restore([id, kept]) == [id]
    assert sorted(prompts(gallery)) == ["deleted", "kept"]
    assert prompts(gallery, Search(starred=True)) == ["deleted"]


def test_the_trash_is_emptied_in_time(gallery: Gallery) -> None:
    id = saved(gallery)
    gallery.delete([id])
    assert gallery.sweep() == Swept(pictures=0)
    assert gallery.restore([id]) == [id]
    gallery.delete([id])
    gallery.sweep(trash_seconds=0)
    assert list(gallery.folder.thrown()) == []
    assert gallery.restore([id]) == []


# The sweep


def test_a_sweep_lists_orphans_and_removes_leftovers(gallery: Gallery) -> None:
    id = saved(gallery, "orphan")
    gallery.index.remove([id])
    left = file_of_a_dead_writer(gallery)
    strange = gallery.folder.pictures / "2026-01-01" / Name.new().file
    strange.write_bytes(b"no picture")
    assert gallery.sweep() == Swept(pictures=2, added=1, damaged=1)
    assert prompts(gallery) == ["orphan"]
    assert left.exists()  # its writer may be another server, and alive
    os.utime(left, (0, 0))
    gallery.sweep()
    assert not left.exists()


def file_of_a_dead_writer(gallery: Gallery) -> Path:
    part = gallery.folder.pictures / "2026-01-01" / f".{Name.new().file}.77.1.part"
    part.write_bytes(png()[:50])
    return part


def test_a_sweep_follows_what_was_moved_or_removed_behind_it(gallery: Gallery) -> None:
    gone, moved, back = saved(gallery, "gone"), saved(gallery, "moved"), saved(gallery, "back")
    file(gallery, gone).unlink()
    gallery.folder.throw(gallery.find(moved).name)
    name = gallery.find(back).name
    gallery.delete([back])
    gallery.folder.fetch(name)
    assert gallery.sweep() == Swept(pictures=1, removed=1)
    assert prompts(gallery) == ["back"]
    assert gallery.restore([moved]) == [moved]


def test_the_index_is_made_anew_from_the_pictures_alone(gallery: Gallery) -> None:
    for number in range(3):
        saved(gallery, f"picture {number}", at=number * SECOND, owner="fedcba9876543210")
    gallery.delete([saved(gallery, "thrown away")])
    before = gallery.page(Search(), None, ALL)
    gallery.close()
    for path in gallery.folder.root.glob("gallery.sqlite*"):
        path.unlink()
    again = Gallery(gallery.folder.root)
    assert again.page(Search(), None, ALL) == before
    assert prompts(again, Search(words="picture 1")) == ["picture 1"]
    again.close()


def test_reindex_keeps_stars_and_tags_and_corrects_what_is_wrong(gallery: Gallery) -> None:
    id = saved(gallery, "true")
    gallery.star([id], True)
    gallery.tag([id], ["kept"])
    with sqlite3.connect(gallery.folder.index) as database:
        database.execute("UPDATE pictures SET prompt = 'false'")
    database.close()
    assert gallery.reindex() == Swept(pictures=1, added=1)
    assert prompts(gallery, Search(words="true", starred=True, tag="kept")) == ["true"]
    assert prompts(gallery, Search(words="false")) == []


def test_a_damaged_index_is_put_aside_and_made_anew(gallery: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    saved(gallery, "still here")
    gallery.close()
    gallery.folder.index.write_bytes(b"rubbish" * 1000)
    again = Gallery(gallery.folder.root)
    assert prompts(again) == ["still here"]
    assert "is damaged" in caplog.text
    assert len(list(gallery.folder.root.glob("*.damaged-*"))) >= 1
    again.close()


def test_an_index_of_a_later_version_is_left_alone(gallery: Gallery) -> None:
    saved(gallery)
    gallery.close()
    with sqlite3.connect(gallery.folder.index) as database:
        database.execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}")
    database.close()
    with pytest.raises(GalleryUnavailable, match="it has version 3, and this Darkroom knows 2"):
        Gallery(gallery.folder.root).page(Search(), None, 1)


def test_each_step_of_the_schema_is_taken_once(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(gallery, "from before")
    gallery.close()
    later = (*schema.STEPS, ("ALTER TABLE pictures ADD COLUMN rating INTEGER NOT NULL DEFAULT 3",))
    monkeypatch.setattr("gallery.index.STEPS", later)
    again = Gallery(gallery.folder.root)
    saved(again, "from now")
    assert sorted(prompts(again)) == ["from before", "from now"]
    assert again.index._database.rows("SELECT DISTINCT rating FROM pictures") == [(3,)]
    again.close()


# Two at a time


def test_two_servers_share_one_gallery(gallery: Gallery) -> None:
    other = Gallery(gallery.folder.root)

    def several(one: Gallery, name: str) -> None:
        for number in range(15):
            saved(one, f"{name} {number}")

    threads = [threading.Thread(target=several, args=each) for each in ((gallery, "one"), (other, "other"))]
    for thread in threads:
        thread.start()
    gallery.sweep()
    for thread in threads:
        thread.join()
    assert len(prompts(gallery)) == len(prompts(other)) == 30
    (id,) = [entry.name.id for entry in gallery.page(Search(words="other 3"), None, 1)]
    assert other.delete([id]) == [id]
    assert gallery.delete([id]) == []
    other.close()


def test_two_processes_share_one_gallery(gallery: Gallery) -> None:
    count, root = 40, gallery.folder.root
    command = [sys.executable, "-m", "tests.second_server", str(root), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as other:
        while not prompts(gallery, Search(words="other")):  # both are at it now
            assert other.poll() is None
        for number in range(count):
            gallery.star([saved(gallery, f"one {number}", at=number * SECOND)], True)
        gallery.sweep()
        assert other.wait(120) == 0, other.stderr and other.stderr.read()
    assert gallery.count(Search(starred=True)) == gallery.count(Search(words="one")) == count
    assert gallery.count(Search(tag="theirs")) == gallery.count(Search(words="other")) == count * 4 // 5
    before = gallery.page(Search(), None, ALL)
    assert gallery.reindex() == Swept(pictures=len(before), added=2 * count)
    assert gallery.page(Search(), None, ALL) == before


def test_an_index_that_was_removed_while_it_was_open_is_made_anew(gallery: Gallery) -> None:
    saved(gallery, "before")
    for path in gallery.folder.root.glob("gallery.sqlite*"):
        path.unlink()
    saved(gallery, "after")
    assert sorted(prompts(gallery)) == ["after", "before"]


# Trouble


def test_a_file_that_somebody_changed_is_followed(gallery: Gallery) -> None:
    id = saved(gallery, "before")
    gallery.star([id], True)
    small = gallery.thumbnail(id)
    path = file(gallery, id)
    path.write_bytes(png("after", side=16))
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert gallery.look(id).prompt == "after"
    assert prompts(gallery, Search(words="after", starred=True, width=16)) == ["after"]
    assert gallery.thumbnail(id) != small


def test_a_file_that_somebody_broke_is_told_and_well_again_when_it_is_mended(gallery: Gallery) -> None:
    id = saved(gallery, "whole")
    path = file(gallery, id)
    content = path.read_bytes()
    path.write_bytes(content[:60])
    os.utime(path, (time.time() + 5, time.time() + 5))
    for ask in (gallery.look, gallery.thumbnail, lambda id: gallery.converted(id, "jpg")):
        with pytest.raises(UnknownPicture, match="cannot be used"):
            ask(id)
    assert prompts(gallery) == ["whole"]
    path.write_bytes(content)
    assert gallery.look(id).prompt == "whole"


def test_the_thumbnail_of_a_file_that_is_gone_is_not_shown(gallery: Gallery) -> None:
    id = saved(gallery)
    gallery.thumbnail(id)
    file(gallery, id).unlink()
    with pytest.raises(UnknownPicture, match="gone from the disk"):
        gallery.thumbnail(id)
    assert prompts(gallery) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_told(gallery: Gallery) -> None:
    saved(gallery)
    gallery.folder.pictures.chmod(0o500)
    with pytest.raises(GalleryUnavailable, match="may not be written to"):
        saved(gallery, at=9 * DAY)
    gallery.folder.pictures.chmod(0o700)
    saved(gallery, at=9 * DAY)


def test_a_folder_that_is_gone_is_told_and_found_again(gallery: Gallery) -> None:
    saved(gallery, "before")
    root = gallery.folder.root
    root.rename(root.with_name("elsewhere"))
    for _ in range(2):
        with pytest.raises(GalleryUnavailable, match="it is not there"):
            saved(gallery, "lost")
    with pytest.raises(GalleryUnavailable, match="it is not there"):
        prompts(gallery)
    root.with_name("elsewhere").rename(root)
    saved(gallery, "after")
    assert sorted(prompts(gallery)) == ["after", "before"]


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "gallery").write_text("no folder")
    with pytest.raises(GalleryUnavailable, match=r"The gallery in .*gallery cannot be used"):
        prompts(Gallery(tmp_path / "gallery"))


def test_a_full_disk_leaves_nothing_behind(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    saved(gallery, "before")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(GalleryUnavailable, match="the disk is full"):
            saved(gallery, "lost")
    assert list(gallery.folder.root.rglob("*.part")) == []
    saved(gallery, "after")
    assert sorted(prompts(gallery)) == ["after", "before"]


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_a_writer_that_is_killed_100_times_tears_nothing_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.killed_writer", str(tmp_path / "gallery"), "120"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] == 120
    assert told["promised"] > 0
    assert told["wrong"] == {}


def test_a_day_is_one_in_utc() -> None:
    name = Name.new()
    assert datetime.fromtimestamp(name.created / 1e6, timezone.utc).strftime("%Y-%m-%d") == name.path.parts[0]
