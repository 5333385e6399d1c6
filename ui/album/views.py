"""The gallery as the page shows it: tiles, one picture at large, and what was done. Escapes what users write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape
from urllib.parse import urlencode

from gallery.entry import Entry
from gallery.search import Cursor, Search
from ui.texts import Texts

PAGE = 60  # pictures that are fetched at a time


def address(kind: str, id: str, ending: str) -> str:
    """Where a picture is served, relative to the page: right behind any proxy."""
    return f"gallery/{kind}/{id}.{ending}"


def grid(entries: Sequence[Entry], count: int, search: Search, texts: Texts) -> str:
    """The first pictures; album.js fetches the next ones when these are nearly scrolled through."""
    if not entries:
        words = ("album_empty", "album_empty_hint") if search == Search(owner=search.owner) else ("album_none", "")
        hint = f"<small>{escape(texts[words[1]])}</small>" if words[1] else ""
        return f'<div class="nothing"><p>{escape(texts[words[0]])}</p>{hint}</div>'
    number = texts["album_one"] if count == 1 else texts["album_count"].format(count=grouped(count, texts))
    return (
        f'<div class="above"><p class="count" role="status">{escape(number)}</p>{_picked(texts)}</div>'
        f'<ol class="tiles">{tiles(entries, texts)}</ol>{more(entries, search)}'
    )


def tiles(entries: Sequence[Entry], texts: Texts) -> str:
    return "".join(_tile(entry, texts) for entry in entries)


def more(entries: Sequence[Entry], search: Search) -> str:
    """What stands below the last tile and knows where the next ones are; nothing where there are none."""
    if len(entries) < PAGE:
        return ""
    last = entries[-1].name
    asked = {name: value for name, value in vars(search).items() if value not in ("", None, False)}
    query = urlencode(asked | {"after": Cursor(last.created, last.id)})
    return f'<div class="next" data-next="gallery/page?{escape(query)}"></div>'


def viewer(entry: Entry, moment: int, texts: Texts) -> str:
    """One picture at large, with its recipe and what can be done with it; `moment` tells two openings apart."""
    id, prompt = entry.name.id, escape(entry.prompt)
    name = f"darkroom-{entry.seed if entry.seed is not None else id[:8]}"
    acts = [
        _act("use", texts["use_settings"], kind="input", id=id),
        _star(entry, texts, texts["star"]),
        f'<a href="{address("picture", id, "png")}" download="{name}.png">{escape(texts["download_png"])}</a>',
        _act("delete", texts["delete"], ids=id),
    ]
    negative = f'<p class="negative">{escape(entry.negative_prompt)}</p>' if entry.negative_prompt else ""
    return (
        f'<div class="viewer" role="dialog" aria-modal="true" aria-label="{escape(texts["album"])}" data-id="{id}" '
        f'data-opened="{moment}"><button type="button" class="close" aria-label="{escape(texts["close"])}">×</button>'
        f'<div class="large"><img src="{address("picture", id, "png")}" width="{entry.width}" height="{entry.height}" '
        f'alt="{escape(texts["picture_alt"].format(prompt=entry.prompt))}"></div><div class="about">'
        f'<p class="said">{prompt}</p>{negative}{_facts(entry, texts)}'
        f'<div class="acts">{"".join(acts)}</div></div></div>'
    )


def done(act: str, ids: Sequence[str], texts: Texts) -> str:
    """What was deleted, with the way back, or had back; album.js hides or shows the tiles."""
    one, several = (f"{act}_one", f"{act}_several")
    said = texts[one] if len(ids) == 1 else texts[several].format(count=len(ids))
    listed = " ".join(ids)
    undo = _act("undo", texts["undo"], ids=listed) if act == "deleted" else ""
    return f'<p class="done" role="status" data-{act}="{listed}">{escape(said)} {undo}</p>'


def trouble(message: str, waiting: int, texts: Texts) -> str:
    """Why pictures are not saved."""
    count = escape(texts["album_waiting"].format(count=waiting))
    return f'<p class="done trouble" role="alert">{escape(message)} {count}</p>'


def grouped(count: int, texts: Texts) -> str:
    return f"{count:,}".replace(",", "," if texts["decimal"] == "." else ".")


def _tile(entry: Entry, texts: Texts) -> str:
    id, label = entry.name.id, entry.prompt[:200] or texts["no_prompt"]
    return (
        f'<li class="tile" data-id="{id}"><button type="button" data-act="open" data-id="{id}" '
        f'aria-label="{escape(label)}" title="{escape(label)}"><img loading="lazy" decoding="async" '
        f'src="{address("thumbnail", id, "webp")}" width="{entry.width}" height="{entry.height}" alt=""></button>'
        f'<label class="pick"><input type="checkbox" value="{id}" aria-label="{escape(texts["select"])}"></label>'
        f"{_star(entry, texts)}</li>"
    )


def _star(entry: Entry, texts: Texts, label: str = "") -> str:
    name, pressed = escape(texts["star"]), str(entry.starred).lower()
    return (
        f'<button type="button" class="star" data-act="star" data-id="{entry.name.id}" aria-label="{name}" '
        f'title="{name}" aria-pressed="{pressed}"><i aria-hidden="true">★</i>{escape(label)}</button>'
    )


def _picked(texts: Texts) -> str:
    """What can be done with the pictures that are selected; shown when there are some."""
    return (
        f'<div class="picked" hidden><b></b><a class="zip" href="#" download>{escape(texts["zip"])}</a>'
        f"{_act('delete', texts['delete'])}"
        f'<button type="button" class="none" data-act="none">{escape(texts["select_none"])}</button></div>'
    )


def _facts(entry: Entry, texts: Texts) -> str:
    made = datetime.fromtimestamp(entry.name.created // 1_000_000, timezone.utc)
    facts = (
        ("model", entry.model),
        ("size", f"{entry.width} × {entry.height}"),
        ("steps", entry.steps),
        ("guidance_scale", entry.guidance_scale),
        ("sampler", entry.sampler),
        ("seed", entry.seed),
    )
    rows = [(texts[key], str(value)) for key, value in facts if value is not None]
    rows.append((texts["made"], f"{made:%Y-%m-%d %H:%M} UTC"))
    return (
        "<dl>" + "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in rows) + "</dl>"
    )


def _act(act: str, label: str, **data: object) -> str:
    told = "".join(f' data-{name}="{escape(str(value))}"' for name, value in data.items())
    return f'<button type="button" data-act="{act}"{told}>{escape(label)}</button>'
