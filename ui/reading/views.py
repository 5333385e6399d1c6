"""What was read from a picture, as the page shows it. Escapes all of it: it may come from anybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from recipes.a1111 import OURS
from recipes.container import MOST_BYTES
from recipes.reading import Reading
from recipes.recipe import Recipe
from recipes.taking import Taken
from ui.texts import Texts

MOST_SHOWN = 100_000  # characters of a text
MOST_SENT = 20_000  # characters of a prompt that can be taken over at all
MOST_NAMED = 8  # things that the line below the picture names


def zone(texts: Texts) -> str:
    """Where pictures are dropped; reading.js sends them."""
    return (
        '<label class="intake"><input type="file" accept="image/png,image/jpeg,image/webp">'
        f"<b>{escape(texts['reading_drop'])}</b><small>{escape(texts['reading_hint'])}</small></label>"
    )


def desk(texts: Texts) -> str:
    """Where the settings of a picture lie that was dropped on the prompt; holds the words that reading.js says."""
    large = texts["reading_large"].format(most=MOST_BYTES >> 20)
    return (
        f'<div class="desk" hidden data-most="{MOST_BYTES}" data-large="{escape(large)}" '
        f'data-lost="{escape(texts["reading_lost"])}"></div>'
    )


def refused(message: str) -> str:
    """Why a file was not read."""
    return f'<p class="refusal" role="alert">{escape(message)}</p>'


def reading(found: Reading, said: Mapping[str, Any], fate: Taken, texts: Texts) -> str:
    """What a file says: `said` are its fields by our names, and `fate` what becomes of them."""
    recipe = found.recipe
    head = texts["reading_made"].format(tool=recipe.tool) if recipe else texts["reading_mute"]
    file = f"{found.file.kind}, {found.file.width} × {found.file.height}"
    parts = [_recipe(recipe, said, fate, texts) if recipe else f"<p>{escape(texts['reading_mute_hint'])}</p>"]
    parts += [f"<p>{escape(texts['reading_marked'])}</p>"] if found.marked and not recipe else []
    parts += [_rest(found, texts)] if found.file.texts else []
    return (
        f'<article class="reading" data-copied><figure><img alt="{escape(texts["reading_alt"])}"></figure>'
        f'<div class="about"><h2 role="status">{escape(_clean(head))}</h2><p class="file">{escape(file)}</p>'
        f"{''.join(parts)}</div></article>"
    )


def _recipe(recipe: Recipe, said: Mapping[str, Any], fate: Taken, texts: Texts) -> str:
    prompt = escape(_clean(str(said.get("prompt", "")))) or escape(texts["no_prompt"])
    negative = str(said.get("negative_prompt", ""))
    against = f'<p class="negative">{escape(_clean(negative))}</p>' if negative else ""
    return (
        f'<p class="said">{prompt}</p>{against}{_facts(said, fate, texts)}'
        f"{_acts(recipe, said, texts)}{_lacking(recipe, fate, texts)}"
    )


def _facts(said: Mapping[str, Any], fate: Taken, texts: Texts) -> str:
    """The settings that can be told in a word; those that are not taken over are struck out."""
    size = f"{said.get('width', '?')} × {said.get('height', '?')}" if {"width", "height"} & set(said) else None
    facts = {"model": said.get("model"), "width": size}
    facts |= {field: said.get(field) for field in ("steps", "guidance_scale", "sampler", "seed")}
    names = {"width": "size"}
    rows = [
        (texts[names.get(field, field)], f"<s>{told}</s>" if field not in fate.fields else told)
        for field, value in facts.items()
        if value is not None and (told := escape(_clean(f"{value:g}" if isinstance(value, float) else str(value))))
    ]
    return "<dl>" + "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in rows) + "</dl>"


def _acts(recipe: Recipe, said: Mapping[str, Any], texts: Texts) -> str:
    fields = {key: value for key, value in said.items() if not isinstance(value, str) or len(value) <= MOST_SENT}
    others = [f"{note.name} {note.value}"[:60] for note in recipe.others[:MOST_NAMED]]
    told = escape(json.dumps({"fields": fields, "others": others}))
    return (
        f'<div class="acts"><button type="button" data-act="use" data-kind="input" data-said="{told}">'
        f"{escape(texts['use_settings'])}</button>"
        f'<button type="button" data-copy data-done="{escape(texts["copied"])}" '
        f'data-failed="{escape(texts["copy_failed"])}">{escape(texts["reading_copy"])}</button></div>'
    )


def _lacking(recipe: Recipe, fate: Taken, texts: Texts) -> str:
    """What of it can't be had here."""
    items = [f"<li>{escape(_clean(reason))}</li>" for reason in fate.refused]
    items += [f"<li><b>{escape(note.name)}</b> {escape(note.value)}</li>" for note in recipe.others]
    items += [f"<li>{escape(texts['reading_noise'])}</li>"] if recipe.tool != OURS and "seed" in recipe.fields else []
    if not items:
        return ""
    return f'<section class="lacking"><h3>{escape(texts["reading_lacking"])}</h3><ul>{"".join(items)}</ul></section>'


def _rest(found: Reading, texts: Texts) -> str:
    """The texts of the file as they are, the recipe's first; and what it says besides."""
    about: Iterable[tuple[str, str]] = found.recipe.about if found.recipe else ()
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in about)
    raw = "".join(
        f"<h4>{escape(_clean(name[:80]))}</h4><pre tabindex=0>{escape(_clean(text[:MOST_SHOWN]))}</pre>"
        for name, text in found.file.texts.items()
    )
    facts = f"<dl>{rows}</dl>" if rows else ""
    return f'<details class="rest"><summary>{escape(texts["reading_rest"])}</summary>{facts}{raw}</details>'


def _clean(text: str) -> str:
    """Without halves of characters, which can't be sent, and without NUL."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")
