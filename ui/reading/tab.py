"""The tab that reads pictures: what stands where, and which handler answers which event."""

from __future__ import annotations

import gradio as gr

from ui.controls import Bench
from ui.parts import LIGHT, Parts, view
from ui.reading import views
from ui.reading.handlers import Reader
from ui.texts import DEFAULT, TEXTS


def place(say: gr.I18n) -> Parts:
    """Within the page's tabs: where a picture is dropped, and what it says. reading.js brings the latter."""
    with gr.Tab(say("reading"), id="reading", render_children=True, elem_id="reading"):
        return {
            "reading_zone": view(views.zone(TEXTS[DEFAULT]), elem_id="reading_zone"),
            "reading_told": view('<div class="told"></div>', elem_id="reading_told"),
        }


def place_above() -> Parts:
    """What is on the page whichever tab is open; gradio brings what is in a tab when that is opened."""
    return {"reading_desk": view(views.desk(TEXTS[DEFAULT]), elem_id="reading_desk")}


def wire(demo: gr.Blocks, parts: Parts, reader: Reader) -> None:
    """Connect the tab to what it does."""
    demo.load(reader.greet, None, [parts["reading_zone"], parts["reading_desk"]], **LIGHT)
    bench = [parts[name] for name in Bench._fields]
    for name in ("reading_told", "reading_desk"):
        parts[name].input(reader.use, parts["model"], [*bench, parts["status"], parts["tabs"]], **LIGHT)
