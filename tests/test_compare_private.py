"""Where everyone sees their own, nobody changes what is somebody else's, whatever their browser tells."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest

from comparison.runs import Runs
from comparison.votes import Outcome, Pair
from errors import UnknownRun
from generation.engine import Engine
from tests.test_runs import at, engine, over, plan, runs  # noqa: F401 - fixtures
from ui.compare.api import endpoint
from ui.compare.handlers import Comparing
from ui.compare.voting import Voting
from ui.visitor import owner_of

MINE, OTHER = "m" * 24, "o" * 24
REQUEST = gr.Request(headers={})


def pressed(**told: Any) -> gr.EventData:
    return gr.EventData(None, told)


@pytest.mark.parametrize(
    "act",
    [
        lambda page, id: page.stop(id, OTHER, REQUEST),
        lambda page, id: page.resume(id, OTHER, REQUEST),
        lambda page, id: page.act(id, "", OTHER, REQUEST, pressed(act="stop-cell", cell="0")),
        lambda page, id: page.act(id, "", OTHER, REQUEST, pressed(act="stop-model", model="tiny")),
        lambda page, id: page.act("", "", OTHER, REQUEST, pressed(act="erase", run=id)),
    ],
)
def test_a_run_is_its_owners_alone(
    act: Callable[[Comparing, str], object],
    engine: Engine,  # noqa: F811
    runs: Runs,  # noqa: F811
) -> None:
    id, page = runs.start(plan(steps=(900,)), owner_of(MINE)), Comparing(engine, runs, private=True)
    with pytest.raises(gr.Error, match="somebody else's"):
        act(page, id)
    assert not over(runs.record(id))
    page.act("", "", MINE, REQUEST, pressed(act="erase", run=id))
    with pytest.raises(UnknownRun):
        runs.record(id)


def test_programs_together_are_one_visitor(engine: Engine, runs: Runs) -> None:  # noqa: F811
    compare = endpoint(engine, runs, private=True)
    asked = {"prompts": ["a cat"], "models": ["tiny"], "steps": [900]}
    busy = [compare(**asked) for _ in range(2)]
    begun = [next(told) for told in busy]
    with pytest.raises(gr.Error, match="2 of them yours"):
        next(compare(**asked))
    assert runs.listed(owner_of(OTHER)) == runs.listed(owner_of("")) == []
    for told in busy:
        told.close()
    assert all(at(runs, told["id"], over) for told in begun)


def test_votes_are_counted_and_erased_by_visitor(engine: Engine, runs: Runs) -> None:  # noqa: F811
    id = runs.start(plan(), owner_of(MINE))
    record = at(runs, id, over)
    for visitor in (MINE, OTHER):
        runs.votes.add(record, Pair(0, 0, 2), Outcome.LEFT, owner_of(visitor))
    page = Voting(engine, runs, private=True)
    assert [vote.owner for vote in page.visible(owner_of(OTHER))] == [owner_of(OTHER)]
    page.act(id, None, OTHER, REQUEST, pressed(act="erase-votes"))
    assert [vote.owner for vote in runs.votes.listed()] == [owner_of(MINE)]
