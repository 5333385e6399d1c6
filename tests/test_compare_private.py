"""Where everyone sees their own, nobody changes what is somebody else's, whatever their browser tells."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest

from comparison.runs import Runs
from comparison.votes import Outcome, Pair
from errors import UnknownRun
from generation.caller import Caller
from generation.engine import Engine
from studio import Studio
from tests.asking import asking, somebody
from tests.test_runs import at, engine, over, plan, runs  # noqa: F401 - fixtures
from ui.compare.api import endpoint
from ui.compare.closely import Closely
from ui.compare.handlers import Comparing
from ui.compare.voting import Voting
from ui.turn import Turn

MINE, OTHER = somebody("m"), somebody("o")
ME, THEM = asking("m"), asking("o")
UNKNOWN = "There is no such comparison"


def pressed(**told: Any) -> gr.EventData:
    return gr.EventData(None, told)


@pytest.fixture
def studio(engine: Engine, runs: Runs) -> Studio:  # noqa: F811
    return Studio(engine, runs=runs, private=True)


@pytest.mark.parametrize(
    "act",
    [
        lambda page, id: page.stop(id, THEM),
        lambda page, id: page.resume(id, THEM),
        lambda page, id: page.act(id, "", THEM, pressed(act="stop-cell", cell="0")),
        lambda page, id: page.act(id, "", THEM, pressed(act="stop-model", model="tiny")),
        lambda page, id: page.act("", "", THEM, pressed(act="erase", run=id)),
        lambda page, id: page.act("", "", THEM, pressed(act="open", run=id)),
        lambda page, id: page.replot(id, THEM),
        lambda page, id: next(page.watch(id, "", Turn(), THEM)),
        lambda page, id: Closely(page.studio, page.runs).open(id, THEM, pressed(act="look", a="0", b="1")),
        lambda page, id: Voting(page.studio, page.runs).act(id, None, THEM, pressed(act="vote")),
        lambda page, id: Voting(page.studio, page.runs).act(id, None, THEM, pressed(act="result")),
    ],
)
def test_a_run_is_its_owners_alone(
    act: Callable[[Comparing, str], object],
    studio: Studio,
    runs: Runs,  # noqa: F811
) -> None:
    id, page = runs.start(plan(steps=(900,)), MINE), Comparing(studio, runs)
    with pytest.raises(gr.Error, match=UNKNOWN):
        act(page, id)
    assert not over(runs.record(id))
    assert page.attach(id, THEM) == ""
    assert page.attach("", ME) == id
    page.act("", "", ME, pressed(act="erase", run=id))
    with pytest.raises(UnknownRun, match=UNKNOWN):
        runs.record(id)


def test_programs_at_one_address_are_one_visitor_who_sees_no_others(studio: Studio, runs: Runs) -> None:  # noqa: F811
    def program(name: str) -> gr.Request:
        return asking(caller=Caller(somebody(name).owner, "address 8.8.8.8"))

    compare = endpoint(studio.engine, runs)
    asked = {"prompts": ["a cat"], "models": ["tiny"], "steps": [900]}
    busy = [compare(**asked, request=program(name)) for name in ("one", "two")]
    begun = [next(told) for told in busy]
    with pytest.raises(gr.Error, match="2 of them yours"):
        next(compare(**asked, request=program("three")))
    assert runs.listed(OTHER.owner) == []
    assert [record.id for record in runs.listed(somebody("one").owner)] == [begun[0]["id"]]
    for told in busy:
        told.close()
    assert all(at(runs, told["id"], over) for told in begun)


def test_votes_are_counted_and_erased_by_visitor(studio: Studio, runs: Runs) -> None:  # noqa: F811
    id = runs.start(plan(), MINE)
    record = at(runs, id, over)
    for visitor in (MINE, OTHER):
        runs.votes.add(record, Pair(0, 0, 2), Outcome.LEFT, visitor.owner)
    page = Voting(studio, runs)
    assert [vote.owner for vote in page.visible(OTHER.owner)] == [OTHER.owner]
    with pytest.raises(gr.Error, match=UNKNOWN):
        page.act(id, None, THEM, pressed(act="erase-votes"))
    assert {vote.owner for vote in runs.votes.listed()} == {MINE.owner, OTHER.owner}
    page.act(id, None, ME, pressed(act="erase-votes"))
    assert [vote.owner for vote in runs.votes.listed()] == [OTHER.owner]


def test_who_may_look_alone_does_not_vote(studio: Studio, runs: Runs) -> None:  # noqa: F811
    id = runs.start(plan(), MINE)
    at(runs, id, over)
    page, onlooker = Voting(studio, runs), asking(caller=Caller(MINE.owner, looks=True))
    _, ballot = page.act(id, None, onlooker, pressed(act="vote"))
    with pytest.raises(gr.Error, match="Log in for that"):
        page.act(id, ballot, onlooker, pressed(act="voted", moment=str(ballot[1]), outcome="left"))
    assert runs.votes.listed() == []
