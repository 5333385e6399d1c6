"""What the gallery's tab does: look for pictures, open, star, tag, delete, have back, use again."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

import gradio as gr

from errors import GalleryUnavailable, InvalidRequest, UnknownPicture
from gallery.keeper import Keeper
from gallery.marks import tags_in
from gallery.search import Search
from generation import infotext
from generation.request import RANDOM
from studio import Studio
from ui.album import views
from ui.album.viewer import viewer
from ui.applying import applied
from ui.controls import Bench
from ui.handlers import refusals_shown
from ui.screen import SKIP
from ui.texts import Texts
from ui.visitor import pressed, texts_for
from visitors.asking import caller_of, found_by

CHOICES = ("model", "sampler", "size", "tag")  # filters that offer what there is
DAY = 86_400_000_000  # microseconds
MOST = 10_000  # pictures that are changed at a time
_ID = re.compile(r"[0-9a-f]{32}")
_SIZE = re.compile(r"([0-9]{1,6}) × ([0-9]{1,6})")


class Found(NamedTuple):
    """What the tab shows, by component."""

    album_grid: Any = SKIP
    album_notice: Any = SKIP
    album_clock: Any = SKIP


class Done(NamedTuple):
    """What an act changes, by component."""

    album_done: Any = SKIP
    viewer: Any = SKIP
    album_tag: Any = SKIP


def ids_in(text: Any) -> list[str]:
    """The ids of pictures in what a browser told, which may be anything."""
    return list(dict.fromkeys(_ID.findall(text))) if isinstance(text, str) else []


def looked_for(asked: Mapping[str, Any], owner: str | None) -> Search:
    """What the filters hold, which may be anything; what makes no sense of them is passed over."""
    said = {name: value if isinstance(value, str) else "" for name, value in asked.items()}
    size, seed, until = _SIZE.fullmatch(said["size"]), said["seed"].strip(), _day(said["until"])
    return Search(
        words=said["words"][:500],
        model=said["model"],
        sampler=said["sampler"],
        tag=said["tag"],
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        seed=int(seed) if re.fullmatch("[0-9]{1,18}", seed) else None,
        since=_day(said["since"]),
        until=None if until is None else until + DAY,  # the day that is named is included
        starred=asked["starred"] is True,
        owner=owner,
    )


def _day(text: str) -> int | None:
    """Where a day begins in UTC, in microseconds since 1970."""
    try:
        day = datetime.strptime(text[:10], "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return int(day.timestamp()) * 1_000_000


class Browsing:
    """The handlers of the gallery's tab."""

    def __init__(self, studio: Studio, keeper: Keeper) -> None:
        self.studio, self.keeper, self.gallery = studio, keeper, keeper.gallery

    def search(
        self,
        words: Any,
        model: Any,
        sampler: Any,
        size: Any,
        tag: Any,
        seed: Any,
        since: Any,
        until: Any,
        starred: Any,
        request: gr.Request,
    ) -> Found:
        """The first pictures that are wanted, or why there are none to be had."""
        asked = {name: value for name, value in locals().items() if name not in ("self", "request")}
        texts, wanted = texts_for(request), looked_for(asked, self._owner(request))
        with refusals_shown(texts):
            try:
                entries, count = self.gallery.page(wanted, None, views.PAGE), self.gallery.count(wanted)
            except GalleryUnavailable as error:
                return Found("", views.trouble(str(error), 0, texts), gr.Timer(active=True))
            grid = views.grid(entries, count, wanted, time.time_ns(), texts)
            trouble = self.keeper.trouble()
            return Found(grid, views.trouble(*trouble, texts) if trouble else "", gr.Timer(active=trouble is not None))

    def choices(self, model: Any, sampler: Any, size: Any, tag: Any, request: gr.Request) -> list[Any]:
        """What there is to filter by."""
        texts, owner = texts_for(request), self._owner(request)
        try:
            held = zip(CHOICES, (model, sampler, size, tag), strict=True)
            return [_choice(self.gallery.values(kind, owner), value, texts) for kind, value in held]
        except GalleryUnavailable:  # which the search tells
            return [SKIP for _ in CHOICES]

    def act(self, tag: Any, request: gr.Request, event: gr.EventData) -> Done:
        """Whatever a button of a tile, of the viewer or of what was done wants. `tag` is what is filtered by."""
        texts, data = texts_for(request), pressed(event)
        with refusals_shown(texts):
            ids = ids_in(data.get("ids") or data.get("id"))
            if len(ids) > MOST:
                raise InvalidRequest(f"{len(ids)} pictures are selected. At most {MOST} are changed at a time.", "ids")
            if data.get("act") != "open":
                caller_of(request).check()
            owner = self._owner(request)
            match data.get("act") if ids else None:
                case "open":
                    return self._opened(ids[0], request)
                case "star":
                    self.gallery.star(ids, data.get("value") == "true", owner)
                case "tag" | "untag":
                    return self._tagged(data, ids, tag, request)
                case "delete":
                    return Done(views.done("deleted", self.gallery.delete(ids, owner), texts))
                case "undo":
                    return Done(views.done("restored", self.gallery.restore(ids, owner), texts))
            return Done()

    def use(self, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Put the recipe of a picture into the controls: bench, status, and the tab that they are on."""
        texts, data = texts_for(request), pressed(event)
        with refusals_shown(texts):
            (id,) = ids_in(data.get("id"))[:1] or [""]
            if data.get("act") not in ("use", "vary"):
                return (*(SKIP for _ in Bench._fields), SKIP, SKIP)
            entry = self.studio.picture(id, caller_of(request))
            *bench, line, tab = applied(self.studio.engine, infotext.read(entry.parameters), texts)
            if data.get("act") == "vary":
                return (*Bench(*bench)._replace(seed=RANDOM), line, tab)
            return (*bench, line, tab)

    def _opened(self, id: str, request: gr.Request, focus: str = "close") -> Done:
        """A picture at large; what is gone or damaged is told in its place."""
        texts = texts_for(request)
        try:
            entry = self.gallery.look(self.studio.picture(id, caller_of(request)).name.id)
        except UnknownPicture as error:
            return Done(views.missing(id, str(error), texts))
        known = self.gallery.values("tag", self._owner(request))
        return Done(viewer=viewer(entry, known, time.time_ns(), focus, texts))

    def _tagged(self, data: Mapping[str, Any], ids: list[str], tag: Any, request: gr.Request) -> Done:
        """Tags added to pictures, or one removed; `tag` is what is filtered by."""
        texts, owner, tags = texts_for(request), self._owner(request), tags_in(str(data.get("tag") or ""))
        if not tags:
            return Done()
        change = self.gallery.tag if data["act"] == "tag" else self.gallery.untag
        change(ids, tags, owner)
        choice = _choice(self.gallery.values("tag", owner), tag, texts)
        if "id" in data:  # of the picture at large
            return self._opened(ids[0], request, "tag")._replace(album_tag=choice)
        return Done(views.tagged(ids, tags, texts), album_tag=choice)

    def _owner(self, request: gr.Request) -> str | None:
        return found_by(caller_of(request), self.studio.private)


def _choice(found: list[str], value: Any, texts: Texts) -> gr.Dropdown:
    """A filter that offers what was found, and holds `value` if that is still there."""
    choices = [(texts["any"], ""), *((it, it) for it in found)]
    return gr.Dropdown(choices=choices, value=value if value in found else "")
