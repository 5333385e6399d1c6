"""The gallery as the page shows it: tiles, what is selected, what was done. Escapes what users write."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from gallery.entry import Entry
from gallery.search import Cursor, Search
from ui.texts import Texts

_UNSAID = ("", "False")  # in an address
PAGE = 60  # pictures that are fetched at a time: whole rows of 3, 4, 5, 6, 10 or 12
FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WebP"}  # by the ending of a file's name


def address(kind: str, id: str, ending: str) -> str:
    """Where a picture is served, relative to the page: right behind any proxy."""
    return f"gallery/{kind}/{id}.{ending}"


def grid(entries: Sequence[Entry], count: int, search: Search, moment: int, texts: Texts) -> str:
    """The first pictures; album.js fetches the next ones when these are nearly scrolled through.

    `moment` tells two answers apart.
    """
    if not entries:
        words = ("album_empty", "album_empty_hint") if search == Search(owner=search.owner) else ("album_none", "")
        hint = f"<small>{escape(texts[words[1]])}</small>" if words[1] else ""
        return f'<div class="nothing" data-asked="{moment}"><p>{escape(texts[words[0]])}</p>{hint}</div>'
    number = texts["album_one"] if count == 1 else texts["album_count"].format(count=grouped(count, texts))
    return (
        f'<div class="above" data-asked="{moment}" data-all="{_asked("ids", search)}">'
        f'<p class="count" role="status">{escape(number)}</p>'
        f'<button type="button" data-do="all">{escape(texts["select_all"])}</button>{_picked(texts)}</div>'
        f"{block(entries, search, None, texts)}"
    )


def block(entries: Sequence[Entry], search: Search, after: Cursor | None, texts: Texts) -> str:
    """Tiles that can be fetched again after album.js has emptied them; and where the next ones are, if there are."""
    if not entries:
        return ""
    last = Cursor(entries[-1].name.created, entries[-1].name.id)
    again, further = _asked("page", search, after=after, last=last), _asked("page", search, after=last)
    more = f'<div class="next" data-next="{further}"></div>' if len(entries) == PAGE else ""
    return f'<ol class="tiles" data-page="{again}">{tiles(entries, texts)}</ol>{more}'


def tiles(entries: Sequence[Entry], texts: Texts) -> str:
    return "".join(_tile(entry, texts) for entry in entries)


def done(what: str, ids: Sequence[str], texts: Texts) -> str:
    """What was deleted, with the way back, or had back; album.js hides or shows the tiles."""
    undo = act("undo", texts["undo"], ids=" ".join(ids)) if what == "deleted" and ids else ""
    return _done(texts, _counted(what, ids, texts), undo, **{what: " ".join(ids)})


def tagged(ids: Sequence[str], tags: Sequence[str], texts: Texts) -> str:
    return _done(texts, f"{_counted('tagged', ids, texts)} {', '.join(tags)}")


def missing(id: str, why: str, texts: Texts) -> str:
    """Why a picture can't be shown; album.js marks its tile."""
    return _done(texts, why, missing=id)


def trouble(message: str, waiting: int, texts: Texts) -> str:
    """Why pictures are not saved, or not shown."""
    count = escape(texts["album_waiting"].format(count=waiting)) if waiting else ""
    hint = escape(texts["album_again"])
    return f'<p class="trouble" role="alert">{escape(message)} {count} {hint}</p>'


def grouped(count: int, texts: Texts) -> str:
    return f"{count:,}".replace(",", "," if texts["decimal"] == "." else ".")


def _asked(kind: str, search: Search, **more: object) -> str:
    """The address of what `search` wants, for an attribute; whose it is, is known by who asks."""
    said = vars(search) | more | {"owner": None}
    asked = {name: str(value) for name, value in said.items() if value is not None}
    return escape(f"gallery/{kind}?" + urlencode({name: text for name, text in asked.items() if text not in _UNSAID}))


def _tile(entry: Entry, texts: Texts) -> str:
    id, label = entry.name.id, entry.prompt[:200] or texts["no_prompt"]
    return (
        f'<li class="tile" data-id="{id}"><button type="button" data-act="open" data-id="{id}" '
        f'aria-label="{escape(label)}" title="{escape(label)}"><img loading="lazy" decoding="async" '
        f'src="{address("thumbnail", id, "webp")}" width="{entry.width}" height="{entry.height}" alt=""></button>'
        f'<label class="pick"><input type="checkbox" value="{id}" aria-label="{escape(texts["select"])}"></label>'
        f"{star(entry, texts)}</li>"
    )


def _done(texts: Texts, said: str, more: str = "", **data: str) -> str:
    told = "".join(f' data-{name}="{value}"' for name, value in data.items())
    away = f'<button type="button" data-do="dismiss" aria-label="{escape(texts["close"])}">×</button>'
    return (
        f'<div class="done" data-moment="{time.time_ns()}"{told}><p role="status">{escape(said)}</p>{more}{away}</div>'
    )


def _counted(what: str, ids: Sequence[str], texts: Texts) -> str:
    return texts[f"{what}_one"] if len(ids) == 1 else texts[f"{what}_several"].format(count=grouped(len(ids), texts))


def star(entry: Entry, texts: Texts, label: str = "") -> str:
    name, pressed = escape(texts["star"]), str(entry.starred).lower()
    return (
        f'<button type="button" class="star" data-act="star" data-id="{entry.name.id}" aria-label="{name}" '
        f'title="{name}" aria-pressed="{pressed}"><i aria-hidden="true">★</i>{escape(label)}</button>'
    )


def _picked(texts: Texts) -> str:
    """What can be done with the pictures that are selected; shown when there are some."""
    kinds = "".join(f'<option value="{kind}">{name}</option>' for kind, name in FORMATS.items())
    return (
        f'<div class="picked" hidden><b data-text="{escape(texts["selected"])}"></b>'
        '<form method="post" action="gallery/zip"><input type="hidden" name="ids">'
        f'<select name="format" aria-label="{escape(texts["format"])}">{kinds}</select>'
        f'<label><input type="checkbox" name="recipes" value="1">{escape(texts["with_recipes"])}</label>'
        f"<button>{escape(texts['zip'])}</button></form>{tagging(texts, ids='')}"
        f"{act('delete', texts['delete'], ids='')}"
        f'<button type="button" data-do="none">{escape(texts["select_none"])}</button></div>'
    )


def tagging(texts: Texts, more: str = "", **data: object) -> str:
    """A field for tags; album.js tells the button what it holds."""
    name = escape(texts["tag_new"])
    field = f'<input type="text" maxlength="200" autocomplete="off" {more} aria-label="{name}" placeholder="{name}">'
    return f'<span class="tagging">{field}{act("tag", texts["tag_add"], **data)}</span>'


def act(name: str, label: str, **data: object) -> str:
    told = "".join(f' data-{key}="{escape(str(value))}"' for key, value in data.items())
    return f'<button type="button" data-act="{name}"{told}>{escape(label)}</button>'
