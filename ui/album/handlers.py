"""What the gallery's tab does: look for pictures, open, star, delete, have back, use again."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import gradio as gr

from gallery.keeper import Keeper
from gallery.search import Search
from generation import infotext
from generation.engine import Engine
from recipes.taking import taken
from ui.album import views
from ui.controls import replayed
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.status import Status
from ui.texts import Texts
from ui.visitor import owner_of, pressed, texts_for

DAY = 86_400_000_000  # microseconds
PERIODS = {"day": 1, "week": 7, "month": 31, "year": 366}  # days back from now
MOST = 500  # pictures of one act
_ID = re.compile(r"[0-9a-f]{32}")


def ids_in(text: Any) -> list[str]:
    """The ids of pictures in what a browser told, which may be anything."""
    return list(dict.fromkeys(_ID.findall(text[: 33 * MOST]))) if isinstance(text, str) else []


class Browsing:
    """The handlers of the gallery's tab."""

    def __init__(self, engine: Engine, keeper: Keeper, private: bool) -> None:
        self.engine, self.keeper, self.gallery, self.private = engine, keeper, keeper.gallery, private

    def search(
        self, words: Any, model: Any, sampler: Any, period: Any, starred: Any, visitor: Any, request: gr.Request
    ) -> Any:
        """The first pictures that are wanted."""
        texts = texts_for(request)
        days = PERIODS.get(period) if isinstance(period, str) else None
        wanted = Search(
            words=words[:500] if isinstance(words, str) else "",
            model=model if isinstance(model, str) else "",
            sampler=sampler if isinstance(sampler, str) else "",
            since=None if days is None else time.time_ns() // 1000 - days * DAY,
            starred=starred is True,
            owner=self._owner(visitor),
        )
        with refusals_shown(texts):
            entries = self.gallery.page(wanted, None, views.PAGE)
            return views.grid(entries, self.gallery.count(wanted), wanted, texts)

    def choices(self, model: Any, sampler: Any, visitor: Any, request: gr.Request) -> tuple[Any, ...]:
        """What there is to filter by, and what is wrong with the gallery, if anything is."""
        texts, owner = texts_for(request), self._owner(visitor)
        trouble = self.keeper.trouble()
        notice = views.trouble(*trouble, texts) if trouble else ""
        with refusals_shown(texts):
            filters = []
            for column, value in (("model", model), ("sampler", sampler)):
                found = self.gallery.values(column, owner)
                chosen = value if value in found else ""
                filters.append(gr.Dropdown(choices=[(texts["any"], ""), *((it, it) for it in found)], value=chosen))
            return (*filters, notice)

    def act(self, visitor: Any, request: gr.Request, event: gr.EventData) -> tuple[Any, Any]:
        """Whatever a button of a tile, of the viewer or of the notice wants; returns notice and viewer."""
        texts, data = texts_for(request), pressed(event)
        with refusals_shown(texts):
            act, ids = data.get("act"), ids_in(data.get("ids") or data.get("id"))
            if act not in ("open", "star", "delete", "undo") or not ids:
                return SKIP, SKIP
            if act == "open":
                return SKIP, views.viewer(self.gallery.find(ids[0]), time.time_ns(), texts)
            owner = self._owner(visitor)
            if act == "star":
                self.gallery.star(ids, data.get("value") == "true", owner)
                return SKIP, SKIP
            if act == "undo":
                return views.done("restored", self.gallery.restore(ids, owner), texts), SKIP
            return views.done("deleted", self.gallery.delete(ids, owner), texts), SKIP

    def use(self, visitor: Any, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Put the recipe of a picture into the controls: bench, status, and the tab that they are on."""
        texts = texts_for(request)
        with refusals_shown(texts):
            (id,) = ids_in(pressed(event).get("id"))[:1] or [""]
            entry = self.gallery.find(id)
            return self.applied(infotext.read(entry.parameters), texts)

    def applied(self, said: Mapping[str, Any], texts: Texts) -> tuple[Any, ...]:
        """The controls with what can be taken from `said`, and a line that names the rest."""
        found = taken(self.engine.request, said)
        bench = replayed(self.engine.models, found.request, texts)._replace(seed=found.request.seed)
        line = Status(texts["applied_partly"] if found.refused else texts["applied_all"], found.refused)
        return (*bench, line.html(), gr.Tabs(selected="develop"))

    def _owner(self, visitor: Any) -> str | None:
        return owner_of(visitor) if self.private else None
