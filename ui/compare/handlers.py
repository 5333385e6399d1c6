"""What the tab does with comparisons: tell what is ahead, start, stop, resume, watch, come back, erase."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from comparison import recipe
from comparison.clip_scores import unscored
from comparison.export.report.plot import drawn
from comparison.export.texts import TEXTS as REPORT
from comparison.plots import plots
from comparison.ranking import ranking
from comparison.record import RunRecord, State
from comparison.runs import Runs
from errors import InvalidRequest, UnknownRun
from generation.task import Task
from studio import Studio
from ui.cards import several
from ui.compare import asked, grid, views
from ui.compare.asked import CONTROLS
from ui.frames import data_url
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.status import Status, status
from ui.texts import TEXTS, Texts
from ui.turn import Turn
from ui.visitor import pressed, texts_for
from visitors.asking import NOBODY, caller_of, found_by

OF_PICTURE = ("prompts", "seeds", "negative_prompt")  # what is taken over from a picture
REPEATED_SECONDS = 2.0  # after which all is told again: a busy browser loses changes that are told once


class Look(NamedTuple):
    """All that a run changes on the page, by component."""

    compare_status: Any = SKIP
    compare_bar: Any = SKIP
    compare_grid: Any = SKIP
    compare_live: Any = SKIP
    compare_plot: Any = SKIP
    compare_stop: Any = SKIP
    compare_resume: Any = SKIP
    compare_earlier: Any = SKIP
    compare_known: Any = SKIP


class Comparing:
    """The handlers of the tab."""

    def __init__(self, studio: Studio, runs: Runs) -> None:
        self.studio, self.engine, self.runs = studio, studio.engine, runs

    def choices(self, shown: Any, request: gr.Request) -> tuple[Any, ...]:
        """Models and earlier runs as things stand, and where files go."""
        texts = texts_for(request)
        cards = several(self.engine.models, self.engine.states(), texts)
        earlier = views.earlier(self._listed(request), str(shown), texts)
        return gr.HTML(cards=cards), earlier, *views.drops(texts)

    def take(self, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Prompt, negative prompt and seed of a picture in the gallery, for the models to be compared by."""
        told = pressed(event)
        if told.get("act") != "compare":
            return (*(SKIP for _ in OF_PICTURE), SKIP)
        with refusals_shown(texts_for(request)):
            entry = self.studio.picture(str(told.get("id")), caller_of(request))
            seed = "" if entry.seed is None else str(entry.seed)
            return " ".join(entry.prompt.split()), seed, entry.negative_prompt, gr.Tabs(selected="compare")

    def forecast(self, request: gr.Request, *values: Any) -> tuple[str, Any]:
        """What the `values` of CONTROLS come to, and whether that can be started."""
        held = dict(zip(CONTROLS, values, strict=True))
        if not asked.lines(held["prompts"]):
            return "", gr.Button(interactive=False)
        texts = texts_for(request)
        with refusals_shown(texts):
            try:
                found = self.runs.forecast(asked.plan(held))
            except InvalidRequest as error:
                return views.unready(str(error)), gr.Button(interactive=False)
            return views.forecast(found, self._titles(), texts), gr.Button(interactive=found.pictures > 0)

    def start(self, request: gr.Request, *values: Any) -> tuple[str, str]:
        """Begin with the `values` of CONTROLS; returns the run's id, and no baseline yet."""
        held = dict(zip(CONTROLS, values, strict=True))
        with refusals_shown(texts_for(request)):
            return self.runs.start(asked.plan(held), caller_of(request)), ""

    def replay(self, request: gr.Request, event: gr.EventData) -> tuple[Any, Any, Any]:
        """Run the recipe whose text the page told again, once it is known that what it downloads is wanted.

        Returns the run's id, no baseline yet, and where recipes go.
        """
        told, texts = pressed(event), texts_for(request)
        text, place = told.get("text"), views.drops(texts)[1]
        with refusals_shown(texts):
            wanted = recipe.read(text.encode(errors="replace") if isinstance(text, str) else b"")
            found = self.runs.forecast(wanted)
            if found.download_bytes and told.get("act") != "replay":
                return SKIP, SKIP, place + views.weighed(found, self._titles(), texts)
            return self.runs.start(wanted, caller_of(request)), "", place

    def _titles(self) -> dict[str, str]:
        return {name: spec.title for name, spec in self.engine.models.items()}

    def attach(self, known: Any, request: gr.Request) -> str:
        """The visitor's run that is under way, else the one that this browser looked at before, if it is there."""
        caller = caller_of(request)
        for record in self.runs.listed(caller.owner or NOBODY):
            if under_way(record):
                return record.id
        with suppress(UnknownRun):
            return self.studio.run(known, caller).id if isinstance(known, str) and known else ""
        return ""

    def act(self, shown: str, baseline: str, request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
        """What a button of the tab wants: to stop, to see another run, another baseline. Returns run and baseline."""
        told = pressed(event)
        wanted, run = told.get("act"), str(told.get("run", ""))
        with refusals_shown(texts_for(request)):
            if wanted == "open":
                return self.studio.run(run, caller_of(request)).id, ""
            if wanted == "clip" and self.runs.clip:
                self._mine(shown, request)
                self.runs.clip.start(shown)
            if wanted == "baseline":
                return shown, str(told.get("value", ""))
            if wanted == "erase":
                self._mine(run, request)
                self.runs.delete(run)
                return "" if run == shown else shown, baseline
            if wanted in ("stop-cell", "stop-model"):
                self._mine(shown, request)
                number = str(told.get("cell", ""))
                chosen = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None
                if wanted == "stop-model" or chosen is not None:
                    self.runs.stop(shown, str(told["model"]) if wanted == "stop-model" else None, chosen)
            return SKIP, SKIP

    def stop(self, shown: str, request: gr.Request) -> None:
        """Stop all of the run that is shown."""
        with refusals_shown(texts_for(request)):
            self._mine(shown, request)
            self.runs.stop(shown)

    def resume(self, shown: str, request: gr.Request) -> None:
        """Go on with whatever was stopped or failed."""
        with refusals_shown(texts_for(request)):
            self._mine(shown, request)
            self.runs.resume(shown, caller_of(request))

    def watch(self, shown: str, baseline: str, turn: Turn, request: gr.Request) -> Iterator[Look]:
        """Show the run until it is over, or the page looks at another."""
        texts, number = texts_for(request), turn.next()
        if not shown:
            yield self._nothing(request)
            return
        with refusals_shown(texts):
            self.studio.run(shown, caller_of(request))
            seen, told, at, scoring = 0, Look(), 0.0, False
            while turn.number == number:
                version = self.runs.changed(shown, seen, 1 / self.engine.preview.per_second)
                scored, scoring = scoring, self._scoring(shown) is not None
                record = self.runs.record(shown)  # after that: with the last score, once there is no more to come
                again = version != seen or scored is not scoring or time.monotonic() - at > REPEATED_SECONDS
                if again:
                    told, at = self._all(record, baseline, request), time.monotonic()
                yield told._replace(**self._live(record, texts)) if again else Look(**self._live(record, texts))
                seen = version
                if not (under_way(record) or scoring):
                    return

    def plot(self, shown: str, request: gr.Request) -> str:
        """Time against quality, by every score and by the votes that this visitor may see."""
        if not shown:
            return ""
        texts, record = texts_for(request), self.studio.run(shown, caller_of(request))
        votes = self.runs.votes.listed(owner=found_by(caller_of(request), self.studio.private))
        ratings = ranking(votes, record.plan.models) if votes else []
        tag = next(tag for tag, table in TEXTS.items() if table is texts)
        return drawn(plots(record, ratings), REPORT[tag])

    def replot(self, shown: str, request: gr.Request) -> str:
        """The plot after a vote."""
        with refusals_shown(texts_for(request)):
            return self.plot(shown, request)

    def _nothing(self, request: gr.Request) -> Look:
        texts, off = texts_for(request), gr.Button(interactive=False)
        earlier = views.earlier(self._listed(request), "", texts)
        return Look("", "", grid.empty(texts), "", "", off, off, earlier, "")

    def _all(self, record: RunRecord, baseline: str, request: gr.Request) -> Look:
        texts = texts_for(request)
        beside = baseline if baseline in record.plan.models else record.plan.models[0]
        states = {cell.state for cell in record.cells}
        return Look(
            compare_bar=views.bar(record, beside, self._clip(record), self.runs.trouble(record.id), texts),
            compare_grid=grid.grid(record, views.heads(record, beside, texts), texts),
            compare_plot=self.plot(record.id, request),
            compare_stop=gr.Button(interactive=under_way(record)),
            compare_resume=gr.Button(interactive=bool(states & {State.STOPPED, State.FAILED})),
            compare_earlier=views.earlier(self._listed(request), record.id, texts),
            compare_known=record.id,
        )

    def _live(self, record: RunRecord, texts: Texts) -> dict[str, Any]:
        """What moves between two changes of the record."""
        line = self._status(record, texts).html()
        cell = next((cell for cell in record.cells if cell.state is State.RUNNING), None)
        job = self.runs.running(record.id)
        if cell is None or job is None:
            return {"compare_status": line, "compare_live": "", "compare_known": record.id}
        told = status(job.latest, job.request, record.titles[cell.model], texts)
        frames = job.frames()
        source = data_url(frames[-1]) if frames else ""
        phase = " · ".join([told.phase, *told.figures[:1]])
        live = grid.live(record, cell.number, source, phase)
        return {"compare_status": line, "compare_live": live, "compare_known": record.id}

    def _status(self, record: RunRecord, texts: Texts) -> Status:
        """How far CLIP is, else the run, and why CLIP failed."""
        if task := self._scoring(record.id):
            return views.scoring(task.latest, texts)
        told = views.status(record, self._left(record), texts)
        failed = self.runs.clip and self.runs.clip.trouble(record.id)
        return replace(told, figures=[*told.figures, failed]) if failed else told

    def _scoring(self, id: str) -> Task[int] | None:
        """CLIP at work on the run."""
        task = self.runs.clip.task(id) if self.runs.clip else None
        return None if task is None or task.done else task

    def _clip(self, record: RunRecord) -> int | None:
        """Bytes to download before CLIP can score what it has not scored yet; None: nothing is to be done."""
        if self.runs.clip is None or not unscored(record) or self._scoring(record.id):
            return None
        return self.runs.clip.missing_bytes

    def _left(self, record: RunRecord) -> float | None:
        """Seconds that what waits takes; None where nothing was measured yet."""
        waiting = [cell.request for cell in record.cells if cell.state in views.OPEN and cell.request]
        found = [self.engine.pace.seconds(request, True) for request in waiting]
        known = [it for it in found if it is not None]
        return sum(known) if known and len(known) == len(found) else None

    def _listed(self, request: gr.Request) -> list[RunRecord]:
        return self.runs.listed(found_by(caller_of(request), self.studio.private))

    def _mine(self, id: str, request: gr.Request) -> None:
        """Raises UnknownRun if this visitor may not change the run."""
        if not self.studio.changes(caller_of(request), self.runs.record(id).owner):
            self.runs.record("")


def under_way(record: RunRecord) -> bool:
    """Whether a cell waits or runs."""
    return any(cell.state in views.OPEN for cell in record.cells)
