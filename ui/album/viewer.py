"""One picture of the gallery at large, with its recipe and what can be done with it. Escapes what users write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from html import escape

from gallery.entry import Entry
from ui.album.views import FORMATS, act, address, star, tagging
from ui.texts import Texts

ACTS = {"use": "use_settings", "vary": "vary", "compare": "open_in_compare"}  # with a text's key
SHOWN = 200  # known tags that are proposed


def viewer(entry: Entry, known: Sequence[str], moment: int, focus: str, texts: Texts) -> str:
    """One picture at large, with its recipe and what can be done with it.

    `known` are tags in use, `moment` tells two openings apart, `focus` is where the keyboard begins: close or tag.
    """
    id, prompt = entry.name.id, escape(entry.prompt)
    negative = f'<p class="negative">{escape(entry.negative_prompt)}</p>' if entry.negative_prompt else ""
    return (
        f'<div class="viewer" role="dialog" aria-modal="true" aria-label="{escape(texts["album"])}" data-id="{id}" '
        f'data-opened="{moment}" data-focus="{focus}"><div class="large">'
        f'<img src="{address("picture", id, "png")}" width="{entry.width}" height="{entry.height}" '
        f'alt="{escape(texts["picture_alt"].format(prompt=entry.prompt))}">'
        f"{_turn('previous', '‹', texts)}{_turn('next', '›', texts)}</div>"
        f'<button type="button" class="close" data-do="close" aria-label="{escape(texts["close"])}" '
        f'title="{escape(texts["close"])} (Esc)">×</button><div class="about">'
        f'<p class="said">{prompt}</p>{negative}{_facts(entry, texts)}{_tags(entry, known, texts)}'
        f'<div class="acts">{_acts(entry, texts)}</div><div class="acts files">{_files(entry, texts)}</div></div></div>'
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


def _tags(entry: Entry, known: Sequence[str], texts: Texts) -> str:
    """The tags of a picture, each to be removed, and a field for more."""
    id, listed = entry.name.id, []
    for tag in entry.tags:
        label = escape(texts["untag"].format(tag=tag))
        remove = f'<button type="button" data-act="untag" data-id="{id}" data-tag="{escape(tag)}"'
        listed.append(f'<li>{escape(tag)}{remove} aria-label="{label}" title="{label}">×</button></li>')
    proposed = "".join(f'<option value="{escape(tag)}">' for tag in known[:SHOWN] if tag not in entry.tags)
    field = tagging(texts, 'list="known_tags"', id=id)
    return f'<div class="tags"><ul>{"".join(listed)}</ul>{field}<datalist id="known_tags">{proposed}</datalist></div>'


def _acts(entry: Entry, texts: Texts) -> str:
    id = entry.name.id
    acts = [act(name, texts[text], kind="input", id=id) for name, text in ACTS.items()]
    return "".join((*acts, star(entry, texts, texts["star"]), act("delete", texts["delete"], ids=id)))


def _files(entry: Entry, texts: Texts) -> str:
    """The picture in each format, and its recipe alone."""
    name = f"darkroom-{entry.seed if entry.seed is not None else entry.name.id[:8]}"
    offered = [("picture", kind, title) for kind, title in FORMATS.items()] + [("recipe", "json", texts["recipe"])]
    links = [
        f'<a href="{address(kind, entry.name.id, ending)}" download="{name}.{ending}">{escape(title)}</a>'
        for kind, ending, title in offered
    ]
    return f"<span>{escape(texts['download'])}</span>{''.join(links)}"


def _turn(act: str, sign: str, texts: Texts) -> str:
    name = escape(texts[f"turn_{act}"])
    return (
        f'<button type="button" class="turn {act}" data-do="{act}" aria-label="{name}" title="{name}">{sign}</button>'
    )
