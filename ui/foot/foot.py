"""Where the foot stands, and what writes it in the visitor's language."""

from __future__ import annotations

import gradio as gr

from studio import Studio
from ui.foot import views
from ui.parts import LIGHT, Parts, view
from ui.texts import DEFAULT, TEXTS
from ui.visitor import texts_for


def place(studio: Studio) -> Parts:
    """Below all tabs."""
    return {"foot": view(views.foot(studio, TEXTS[DEFAULT]), elem_id="foot")}


def wire(demo: gr.Blocks, parts: Parts, studio: Studio) -> None:
    """Connect the foot to what it says."""

    def greet(request: gr.Request) -> str:
        return views.foot(studio, texts_for(request))

    demo.load(greet, None, parts["foot"], **LIGHT)
