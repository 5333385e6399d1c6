"""What the tab that reads pictures does: say its words, and put what was read into the controls."""

from __future__ import annotations

from typing import Any

import gradio as gr

from generation.engine import Engine
from recipes.objects import inner, listed, parsed
from ui.applying import applied
from ui.handlers import refusals_shown
from ui.reading import views
from ui.visitor import pressed, texts_for


class Reader:
    """The handlers of the tab."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def greet(self, request: gr.Request) -> tuple[str, str]:
        """Zone and desk in the visitor's language."""
        return views.zone(texts_for(request)), views.desk(texts_for(request))

    def use(self, model: Any, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Put what was read into the controls, as the browser tells it, which may be anything."""
        texts, said = texts_for(request), pressed(event).get("said")
        with refusals_shown(texts):
            told = parsed(said if isinstance(said, str) else None)
            fields = inner(told, "fields")
            others = [str(name)[:60] for name in listed(told.get("others"))[: views.MOST_NAMED]]
            held = model if isinstance(model, str) and model in self.engine.models else None
            return applied(self.engine, fields if isinstance(fields, dict) else {}, texts, held, others)
