"""Every finished picture is saved while the engine goes on, and a gallery that fails is told and recovers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.gallery import Gallery
from gallery.keeper import Keeper
from gallery.search import Search
from generation.caller import Caller
from generation.events import Developed, Encoding, Picture
from generation.job import Job
from tests.pictures import models, png
from tests.waiting import PATIENCE, until


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    one = Keeper(Gallery(tmp_path / "gallery"), again_seconds=0.05)
    one.start()
    yield one
    one.close()


def job(keeper: Keeper, owner: str = "") -> Job:
    from generation.request import complete
    from generation.settings import Limits

    request = complete({"prompt": "a lighthouse"}, models(), "mini-sd", Limits())
    return Job(request, "off", lambda job: None, caller=Caller(owner), listeners=[keeper.hear])


def developed(prompt: str, index: int = 0) -> Developed:
    return Developed(Picture(index, 7, 8, 8, png(prompt), ""))


def listed(keeper: Keeper) -> list[str]:
    return [entry.prompt for entry in keeper.gallery.page(Search(), None, 100)]


def test_what_a_job_tells_is_saved_as_its_owners(keeper: Keeper) -> None:
    one = job(keeper, owner="fedcba9876543210")
    for event in (Encoding(0), developed("first"), developed("second", 1)):
        one.tell(event)
    assert keeper.settled(one.id, PATIENCE)
    assert listed(keeper) == ["second", "first"]
    assert {entry.name.owner for entry in keeper.gallery.page(Search(), None, 9)} == {"fedcba9876543210"}
    assert keeper.trouble() is None


def test_a_gallery_that_is_gone_is_told_and_nothing_is_lost_when_it_is_back(keeper: Keeper) -> None:
    first = job(keeper)
    first.tell(developed("before"))
    assert keeper.settled(first.id, PATIENCE)
    root = keeper.gallery.folder.root
    root.rename(root.with_name("elsewhere"))
    second = job(keeper)
    second.tell(developed("meanwhile"))
    assert not keeper.settled(second.id, PATIENCE)
    trouble = keeper.trouble()
    assert trouble is not None
    assert "it is not there" in trouble[0]
    assert trouble[1] == 1
    root.with_name("elsewhere").rename(root)
    until(lambda: keeper.trouble() is None)
    assert keeper.settled(second.id, PATIENCE)
    assert listed(keeper) == ["meanwhile", "before"]


def test_a_picture_that_is_none_keeps_nobody_waiting(keeper: Keeper) -> None:
    one = job(keeper)
    one.tell(Developed(Picture(0, 7, 8, 8, b"broken", "")))
    one.tell(developed("whole", 1))
    assert keeper.settled(one.id, PATIENCE)
    assert listed(keeper) == ["whole"]


def test_what_waits_is_saved_at_the_end(tmp_path: Path) -> None:
    keeper = Keeper(Gallery(tmp_path / "gallery"))
    one = job(keeper)
    one.tell(developed("last"))
    keeper.start()
    keeper.close()
    assert listed(keeper) == ["last"]
    keeper.gallery.close()
