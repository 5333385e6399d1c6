"""The gallery's tab: what stands where, and which handler answers which event."""

from __future__ import annotations

import gradio as gr

from ui.album.handlers import PERIODS, Browsing
from ui.controls import Bench
from ui.parts import LIGHT, Parts, view


def place(say: gr.I18n) -> Parts:
    """Within the page's tabs: where pictures are kept."""
    with gr.Tab(say("album"), id="album", render_children=True, elem_id="album") as tab:
        return _finder(say) | {"album": tab}


def wire(parts: Parts, browsing: Browsing) -> None:
    """Connect the tab to what it does with the gallery."""
    filters = [parts[f"album_{name}"] for name in ("words", "model", "sampler", "period", "starred")]
    wanted, grid, visitor = [*filters, parts["visitor"]], parts["album_grid"], parts["visitor"]
    chosen = [parts["album_model"], parts["album_sampler"]]
    parts["album"].select(browsing.choices, [*chosen, visitor], [*chosen, parts["album_notice"]], **LIGHT).then(
        browsing.search, wanted, grid, **LIGHT
    )
    parts["album_words"].change(browsing.search, wanted, grid, **LIGHT)
    for filter_ in filters[1:]:
        filter_.input(browsing.search, wanted, grid, **LIGHT)
    for name in ("album_grid", "album_notice", "viewer"):
        parts[name].select(browsing.act, visitor, [parts["album_notice"], parts["viewer"]], **LIGHT)
    bench = [parts[name] for name in Bench._fields]
    parts["viewer"].input(browsing.use, visitor, [*bench, parts["status"], parts["tabs"]], **LIGHT)


def _finder(say: gr.I18n) -> Parts:
    """What is looked for, and what is found."""
    with gr.Row(elem_id="finder", elem_classes="tight"):
        parts: Parts = {
            "album_words": gr.Textbox(
                label=say("album_words"), placeholder=say("album_words_placeholder"), elem_id="album_words", scale=3
            )
        }
        for name in ("model", "sampler"):
            parts[f"album_{name}"] = gr.Dropdown(
                [(say("any"), "")], value="", label=say(name), filterable=False, min_width=120, elem_id=f"album_{name}"
            )
        parts["album_period"] = gr.Dropdown(
            [(say("any"), ""), *((say(f"period_{period}"), period) for period in PERIODS)],
            value="",
            label=say("period"),
            filterable=False,
            min_width=120,
            elem_id="album_period",
        )
        parts["album_starred"] = gr.Checkbox(label=say("starred"), elem_id="album_starred", min_width=110, scale=0)
    return parts | {name: view(elem_id=name) for name in ("album_notice", "album_grid")}
