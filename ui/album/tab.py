"""The gallery's tab: what stands where, and which handler answers which event."""

from __future__ import annotations

import gradio as gr

from ui.album.handlers import CHOICES, Browsing, Done, Found
from ui.controls import Bench
from ui.parts import HEARD, LIGHT, Parts, view

FILTERS = ("words", "model", "sampler", "size", "tag", "seed", "since", "until", "starred")
AGAIN_SECONDS = 3.0  # until it is looked again whether the gallery can be used


def place(say: gr.I18n) -> Parts:
    """Within the page's tabs: where pictures are kept."""
    with gr.Tab(say("album"), id="album", render_children=True, elem_id="album") as tab:
        return _finder(say) | {"album": tab, "album_clock": gr.Timer(AGAIN_SECONDS, active=False)}


def place_above() -> Parts:
    """What covers the tabs: a picture at large, and what was just done, with the way back."""
    return {"viewer": view(elem_id="viewer"), "album_done": view(elem_id="album_done")}


def wire(parts: Parts, browsing: Browsing) -> None:
    """Connect the tab to what it does with the gallery."""
    filters = [parts[f"album_{name}"] for name in FILTERS]
    found = [parts[name] for name in Found._fields]
    chosen = [parts[f"album_{name}"] for name in CHOICES]
    for looked in (parts["album"].select, parts["album_clock"].tick):
        looked(browsing.choices, chosen, chosen, **LIGHT).then(browsing.search, filters, found, **LIGHT)
    for name in ("words", "seed", "since", "until"):
        parts[f"album_{name}"].change(browsing.search, filters, found, **LIGHT)
    for name in (*CHOICES, "starred"):
        parts[f"album_{name}"].input(browsing.search, filters, found, **LIGHT)
    done = [parts[name] for name in Done._fields]
    for name in ("album_grid", "album_done", "viewer"):
        parts[name].select(browsing.act, parts["album_tag"], done, **HEARD)
    bench = [parts[name] for name in Bench._fields]
    parts["viewer"].input(browsing.use, None, [*bench, parts["status"], parts["tabs"]], **HEARD)


def _finder(say: gr.I18n) -> Parts:
    """What is looked for, and what is found."""
    with gr.Row(elem_id="finder"):
        parts: Parts = {
            "album_words": gr.Textbox(
                label=say("album_words"), placeholder=say("album_words_placeholder"), elem_id="album_words", scale=3
            )
        }
        gr.Button(say("filters"), elem_id="album_filters")  # for a phone, where the rest is folded away
        for name in CHOICES:
            parts[f"album_{name}"] = gr.Dropdown(
                [(say("any"), "")], value="", label=say(name), filterable=False, min_width=100, elem_id=f"album_{name}"
            )
        parts["album_seed"] = gr.Textbox(label=say("seed"), max_lines=1, min_width=80, elem_id="album_seed")
        for name in ("since", "until"):
            parts[f"album_{name}"] = gr.DateTime(
                label=say(name), include_time=False, type="string", min_width=130, elem_id=f"album_{name}"
            )
        parts["album_starred"] = gr.Checkbox(label=say("starred"), elem_id="album_starred", min_width=110, scale=0)
    return parts | {name: view(elem_id=name) for name in ("album_notice", "album_grid")}
