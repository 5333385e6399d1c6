"""Where everyone sees their own: nothing of somebody else's is to be had by any id, and none can be told from no id."""

import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
import pytest

from comparison.plan import Plan
from gallery.search import Search
from generation.caller import Caller
from tests.page_events import Visitor
from tests.serving import LONG, Served, served, two_models
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE
from ui.compare.vote import blind
from visitors.middleware import COOKIE
from visitors.owner import BROWSER, owner, passing

MARK = "velvet"  # stands in every prompt of the one whose things they are
NONE = "0" * 32  # an id that nothing has


@dataclass(frozen=True)
class Theirs:
    """Somebody, and the ids of all that they made."""

    who: Visitor
    job: str
    file: str  # of gradio's cache
    picture: str
    run: str
    cell: str  # the file of one of its pictures

    @property
    def owner(self) -> str:
        return owner(BROWSER, self.who.http.cookies[COOKIE])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    kept: dict[str, Any] = {"gallery": {"folder": "kept"}, "comparison": {"folder": "compared"}}
    visitors = {"pictures_per_minute": 1000, "steps": 900}
    open_: dict[str, Any] = {"server": {"public": True}, "safety": {"policy": "off"}, "visitors": visitors}
    with served(two_models(tmp_path_factory.mktemp("open"), checkpoints["sd"], **kept, **open_)) as there:
        yield there


@pytest.fixture(scope="module")
def theirs(server: Served) -> Iterator[Theirs]:
    who = Visitor(server.url)
    (file,), details = who.made(f"a {MARK} lighthouse")
    assert server.keeper
    assert server.keeper.settled(details["job"], PATIENCE)
    (entry,) = server.keeper.gallery.page(Search(words="lighthouse"), None, 9)
    assert server.runs
    mine = Caller(owner(BROWSER, who.http.cookies[COOKIE]))
    plan = Plan(prompts=(f"a {MARK} cat",), models=("tiny", "plain"), seeds=(7,))
    run, seen = server.runs.start(plan, mine), 0
    while any(cell.picture is None for cell in server.runs.record(run).cells):
        seen = server.runs.changed(run, seen, PATIENCE)
    picture = server.runs.record(run).cells[0].picture
    assert picture
    yield Theirs(who, details["job"], file, entry.name.id, run, picture.file)
    who.close()


@pytest.fixture
def other(server: Served) -> Iterator[Visitor]:
    with closing(Visitor(server.url)) as who:
        yield who


def paths(it: Theirs, picture: str = "", run: str = "") -> list[str]:
    """Where something of theirs is served, or the same of another picture and run."""
    picture, run, stem = picture or it.picture, run or it.run, it.cell.rpartition(".")[0]
    return [
        *(f"/gallery/picture/{picture}.{kind}" for kind in ("png", "jpg", "webp")),
        f"/gallery/thumbnail/{picture}.webp",
        f"/gallery/recipe/{picture}.json",
        f"/compare/{run}/{it.cell}",
        f"/compare/{run}/difference/{stem}/{stem}.png",
        f"/compare/{run}/blind/{blind(it.run, it.cell)}.png",
        *(f"/compare/{run}/export/{name}" for name in ("report.html", "data.json", "all.zip", "votes.csv")),
    ]


# Served beside the page


def test_whose_they_are_has_them_all(theirs: Theirs) -> None:
    statuses = {path: theirs.who.http.get(path).status_code for path in [theirs.file, *paths(theirs)]}
    assert {path for path, status in statuses.items() if status != 200} == set()


def test_another_gets_nothing_and_cannot_tell_it_from_what_never_was(theirs: Theirs, other: Visitor) -> None:
    for there, nowhere in zip(paths(theirs), paths(theirs, picture=NONE, run=NONE), strict=True):
        found, missing = other.http.get(there), other.http.get(nowhere)
        assert (found.status_code, found.content) == (404, missing.content), there
        assert {name: value for name, value in found.headers.items() if name != "date"} == {
            name: value for name, value in missing.headers.items() if name != "date"
        }


def test_nor_does_somebody_without_a_key(server: Served, theirs: Theirs) -> None:
    for path in [theirs.file, *paths(theirs)]:
        assert httpx.get(server.url + path, timeout=PATIENCE).status_code == 404, path


@pytest.mark.parametrize(
    "changed",
    [
        lambda path: path,
        lambda path: path.replace("/gradio_api/", "//gradio_api/"),
        lambda path: path.replace("file=", "file=/"),
        lambda path: path.replace("/of-", "/./of-"),
        lambda path: path.replace("/of-", "/x/../of-"),
        lambda path: path.replace("/of-", "/%6ff-"),
        lambda path: path.replace("/darkroom-", "/%2e/darkroom-"),
        lambda path: path.replace("file=", "file/"),
        lambda path: path + "/",
    ],
)
def test_a_file_of_the_cache_is_served_to_its_owner_alone(theirs: Theirs, other: Visitor, changed: Any) -> None:
    assert "/of-" in theirs.file
    own, unknown = f"/of-{theirs.owner}/", f"/of-{owner(BROWSER, other.http.cookies[COOKIE])}/"
    assert own in theirs.file
    for path in (theirs.file, theirs.file.replace(own, unknown + "../" + own.strip("/") + "/")):
        assert other.http.get(changed(path)).status_code in (403, 404, 405)
    assert MARK not in other.http.get(changed(theirs.file)).text


def test_what_is_found_is_ones_own_whatever_is_asked(theirs: Theirs, other: Visitor) -> None:
    for asked in ("", f"?owner={theirs.owner}", "?words=velvet"):
        assert other.http.get(f"/gallery/ids{asked}").text == ""
        assert other.http.get(f"/gallery/page{asked}").text == ""
        assert theirs.picture in theirs.who.http.get(f"/gallery/ids{asked}").text
    files = []
    for who in (theirs.who, other):
        content = who.http.post("/gallery/zip", data={"ids": theirs.picture, "recipes": "1"}).content
        with zipfile.ZipFile(BytesIO(content)) as file:
            files.append(len(file.namelist()))
    assert files == [2, 0]


# By the page's own events, as no page would send them


def test_no_event_tells_of_it_or_changes_it(server: Served, theirs: Theirs, other: Visitor) -> None:
    picture, run = theirs.picture, theirs.run
    pressed = [
        *({"act": act, "id": picture, "ids": picture, "tag": "x", "value": "true"} for act in PICTURE_ACTS),
        *({"act": act, "run": run, "cell": "0", "model": "tiny", "a": "0", "b": "1", "row": "0"} for act in RUN_ACTS),
        *({"act": act, "job": theirs.job, "index": "0", "format": "gif"} for act in ("show", "save", "seed", "use")),
    ]
    before = server.keeper and server.keeper.gallery.find(picture)
    for handler in ("attach", "act", "use", "take", "open", "choices", "search", "show", "save", "watch", "replot"):
        for event in other.ids(handler):
            for told in pressed if handler in ("act", "use", "take", "open", "show", "save") else [None]:
                for value in (theirs.job, [theirs.job], run) if handler in ("attach", "watch", "replot") else (None,):
                    said = other.tell(event, [value] * count(other, event), told)
                    assert MARK not in said, (handler, told)
    assert server.keeper
    assert server.keeper.gallery.find(picture) == before
    assert server.runs
    assert [record.id for record in server.runs.listed(theirs.owner)] == [run]
    assert server.runs.votes.listed() == []


PICTURE_ACTS = ("open", "star", "tag", "delete", "undo", "use", "vary", "compare")
RUN_ACTS = ("open", "erase", "stop-cell", "stop-model", "clip", "baseline", "look", "strips", "vote", "result")


def test_the_same_events_tell_whose_they_are(theirs: Theirs) -> None:
    """Else the test above would see nothing because nothing works."""
    who, (attach, compared) = theirs.who, theirs.who.ids("attach")
    assert MARK in who.tell(attach, [[theirs.job]])
    who.tell(compared, [theirs.run])  # which is noted in the state of the page
    watch = who.ids("watch")[-1]
    assert theirs.run in who.tell(watch, [None] * count(who, watch))
    for known, told in ((theirs.run, {"run": theirs.run}), (MARK, {"id": theirs.picture})):
        opened = {"act": "open"} | told
        said = [who.tell(act, [""] * count(who, act), opened) for act in who.ids("act")]
        said += [who.tell(watch, [None] * count(who, watch))]
        assert any(known in it for it in said)


def count(who: Visitor, event: int) -> int:
    """How many values an event takes."""
    return len(next(it["inputs"] for it in who.events if it["id"] == event))


def test_a_job_under_way_is_neither_watched_nor_stopped(server: Served, theirs: Theirs, other: Visitor) -> None:
    asked = server.engine.request({"prompt": f"a slow {MARK} boat", **LONG})
    job = server.engine.submit(asked, caller=Caller(theirs.owner))
    (attach, _), (stop, _) = other.ids("attach"), other.ids("stop")
    assert MARK not in other.tell(attach, [[job.id]])
    other.tell(stop, [job.id])
    assert not job.done
    assert MARK in theirs.who.tell(attach, [[job.id]])
    theirs.who.tell(stop, [None])  # of the job that its page now shows
    list(job.events())
    assert type(job.latest).__name__ == "Cancelled"


def test_what_the_page_is_made_of_tells_of_nobody(theirs: Theirs, other: Visitor) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/app_id"):
        said = other.http.get(path).text
        secrets = (MARK, theirs.owner, theirs.job, theirs.run, theirs.picture, theirs.who.session)
        assert [it for it in secrets if it in said] == [], path


# Programs without a key


def test_what_a_program_without_a_key_makes_is_had_by_its_address_and_found_by_nobody(
    server: Served, other: Visitor
) -> None:
    with closing(Visitor(server.url)) as program:
        program.http.cookies.clear()
        (file,), details = program.made("of a program")
        assert program.http.get(file).status_code == 200
    assert passing(server.engine.job(details["job"]).caller.owner)
    assert other.http.get("/gallery/ids").text == ""


def test_at_ones_own_machine_everybody_sees_everything(checkpoints: Checkpoints, tmp_path: Any) -> None:
    with served(two_models(tmp_path, checkpoints["sd"], gallery={"folder": "kept"})) as server:
        assert server.keeper
        with closing(Visitor(server.url)) as one:
            (file,), details = one.made("shared")
        assert server.keeper.settled(details["job"], PATIENCE)
        with closing(Visitor(server.url)) as two:
            assert two.http.get(file).status_code == 200
            (id,) = two.http.get("/gallery/ids").text.split()
        assert httpx.get(f"{server.url}/gallery/picture/{id}.png", timeout=PATIENCE).status_code == 200
