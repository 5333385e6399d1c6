"""What happens in the blind vote: the next pair, a vote, the ranking, and forgetting it all."""

from __future__ import annotations

import random
import time
from typing import Any

import gradio as gr

from comparison.ranking import ranking
from comparison.record import RunRecord
from comparison.runs import Runs
from comparison.votes import Outcome, Pair, Vote, next_pair
from errors import UnknownPicture
from studio import Studio
from ui.compare import vote
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.texts import Texts
from ui.visitor import pressed, texts_for
from visitors.asking import caller_of, found_by

Ballot = tuple[str, int, Pair] | None  # run, moment and pair of what somebody is to vote on


class Voting:
    """The handlers of the vote. The server keeps which pair is shown, so that the page can't tell whose they are."""

    def __init__(self, studio: Studio, runs: Runs) -> None:
        self.studio, self.engine, self.runs = studio, studio.engine, runs

    def act(self, shown: str, ballot: Ballot, request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
        """What a button wants; returns what is shown, and the pair on it."""
        texts, told, caller = texts_for(request), pressed(event), caller_of(request)
        owner = caller.owner
        with refusals_shown(texts):
            match told.get("act"):
                case "vote":
                    record = self.studio.run(shown, caller)
                case "voted" if ballot:
                    caller.check()
                    record = self._voted(ballot, told, owner)
                case "result":
                    return self._result(self.studio.run(shown, caller), owner, texts), None
                case "erase-votes":
                    caller.check()
                    record = self.studio.run(shown, caller)
                    self.runs.votes.erase(owner=found_by(caller, self.studio.private))
                    return self._result(record, owner, texts), None
                case _:
                    return SKIP, SKIP
            return self._next(record, owner, texts)

    def _voted(self, ballot: tuple[str, int, Pair], told: Any, owner: str) -> RunRecord:
        """Note the vote, if it is on the pair that is shown: a key that is pressed twice votes once."""
        run, moment, pair = ballot
        record = self.runs.record(run)
        if told.get("moment") == str(moment) and told.get("outcome") in [it.value for it in Outcome]:
            self.runs.votes.add(record, pair, Outcome(told["outcome"]), owner)
        return record

    def _next(self, record: RunRecord, owner: str, texts: Texts) -> tuple[str, Ballot]:
        """The next pair; after the last one the ranking."""
        votes, moment = self.runs.votes.listed(), time.time_ns()
        pair = next_pair(record, votes, random.Random(), owner)
        if pair is None:
            if not votes:
                raise UnknownPicture(texts["vote_nothing"])
            return self._result(record, owner, texts), None
        count = sum(it.run == record.id and it.owner == owner for it in votes)
        return vote.ballot(record, pair, count, moment, texts), (record.id, moment, pair)

    def _result(self, record: RunRecord, owner: str, texts: Texts) -> str:
        votes = self.visible(owner)
        titles = {name: spec.title for name, spec in self.engine.models.items()} | record.titles
        more = next_pair(record, self.runs.votes.listed(), random.Random(), owner) is not None
        ratings = ranking(votes, record.plan.models)
        return vote.result(record, ratings, votes, titles, more, time.time_ns(), texts)

    def visible(self, owner: str) -> list[Vote]:
        """All votes, or where everyone sees their own alone, those of `owner`."""
        return self.runs.votes.listed(owner=owner if self.studio.private else None)
