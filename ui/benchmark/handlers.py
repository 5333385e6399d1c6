"""What the tab does with benchmarks: start, stop, watch, look at an earlier one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr
from pydantic import ValidationError

from errors import InvalidRequest
from generation.engine import Engine
from measurement.events import Progress
from measurement.plan import QUICK, ROUNDS, Plan, chosen
from measurement.record import Record
from measurement.runner import Runner
from ui.benchmark import views
from ui.cards import several
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.status import Status
from ui.texts import Texts
from ui.turn import Turn
from ui.visitor import pressed, texts_for

WAIT = 2.0  # seconds after which all is told again: a busy browser loses changes that are told once
_SIZE = re.compile(r"([0-9]{1,5})\s*[x×]\s*([0-9]{1,5})")


class Look(NamedTuple):
    """All that a benchmark changes on the page, by component."""

    benchmark_status: Any = SKIP
    benchmark_table: Any = SKIP
    benchmark_start: Any = SKIP
    benchmark_stop: Any = SKIP
    benchmark_earlier: Any = SKIP


class Measuring:
    """The handlers of the tab."""

    def __init__(self, engine: Engine, runner: Runner) -> None:
        self.engine, self.runner = engine, runner

    def choices(self, request: gr.Request) -> Any:
        """The cards of the models as things stand."""
        return gr.HTML(cards=several(self.engine.models, self.engine.states(), texts_for(request)))

    def start(
        self, models: Any, quick: Any, random: Any, size: Any, steps: Any, rounds: Any, request: gr.Request
    ) -> str:
        """Begin; nothing earlier is looked at any more."""
        texts = texts_for(request)
        with refusals_shown(texts):
            self.runner.start(self._plan(models, quick, random, size, steps, rounds, texts))
            return ""

    def stop(self) -> None:
        self.runner.stop()

    def act(self, request: gr.Request, event: gr.EventData) -> str:
        """Which earlier benchmark to look at."""
        record = self.runner.find(str(pressed(event).get("id", "")))
        return record.id if record else ""

    def watch(self, shown: Any, turn: Turn, request: gr.Request) -> Iterator[Look]:
        """Show the benchmark `shown`, else the one under way or the newest, until it is over."""
        texts, number, seen = texts_for(request), turn.next(), 0
        with refusals_shown(texts):
            began_running = self.runner.under_way
            while turn.number == number:
                running, event = self.runner.under_way, self.runner.latest
                yield self._look(str(shown), event, running, began_running, texts)
                if not running:
                    return
                seen = self.runner.changed(seen, WAIT)
                self.runner.changed(seen, 1 / self.engine.preview.per_second)  # not more often than that

    def _look(self, shown: str, event: Any, running: bool, watched: bool, texts: Texts) -> Look:
        kept = self.runner.records()
        record = self.runner.find(shown) if shown else self._current(event, kept, running)
        live = running and not shown
        line = views.progress(event, texts) if running else self._over(record if watched else None, texts)
        return Look(
            benchmark_status=line.html(),
            benchmark_table=views.shown(record, kept, live, texts) if record else views.empty(texts),
            benchmark_start=gr.Button(interactive=not running),
            benchmark_stop=gr.Button(interactive=running),
            benchmark_earlier=views.earlier(kept, record.id if record and not live else "", texts),
        )

    def _current(self, event: Any, kept: list[Record], running: bool) -> Record | None:
        if running:
            return event.record if isinstance(event, Progress) else None
        return kept[0] if kept else None

    def _over(self, record: Record | None, texts: Texts) -> Status:
        """The line once nothing is under way; `record` is the one that was watched."""
        if self.runner.error:
            return Status(texts["failed"], [self.runner.error])
        if record is None:
            return Status(texts["benchmark_ready"])
        return Status(texts["benchmark_done" if record.complete else "benchmark_stopped"], part=1.0)

    def _plan(self, models: Any, quick: Any, random: Any, size: Any, steps: Any, rounds: Any, texts: Texts) -> Plan:
        names = tuple(line for line in str(models or "").split("\n") if line)
        if not names:
            raise InvalidRequest(texts["benchmark_none"], "model")
        asked: dict[str, Any] = {
            "models": chosen(names, self.engine.models, random is True),
            "random_weights": random is True,
        }
        asked |= {"rounds": _whole(rounds, "rounds") or ROUNDS, "steps": _whole(steps, "steps")}
        asked |= QUICK if quick is True else {}
        if size := str(size or "").strip():
            match = _SIZE.fullmatch(size)
            if match is None:
                raise InvalidRequest(texts["benchmark_wrong_size"].format(size=repr(size[:40])), "width")
            asked |= {"width": int(match[1]), "height": int(match[2])}
        try:
            return Plan.model_validate(asked)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InvalidRequest(f"{first['loc'][0]}: {first['msg']}.", str(first["loc"][0])) from None


def _whole(value: Any, field: str) -> int | None:
    """The number that was typed; None: nothing was. Raises InvalidRequest."""
    text = str(value or "").strip()
    if text and not re.fullmatch("[0-9]{1,5}", text):
        raise InvalidRequest(f"{field.capitalize()} is {text[:20]!r}. Give a whole number.", field)
    return int(text) if text else None
