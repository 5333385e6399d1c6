"""What a visitor's browser tells: its language, the pressed button, the jobs it remembers. Any of it may be false."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.screen import REMEMBERED
from ui.texts import TEXTS, Texts, language
from ui.visit import Run, Visit, find


def texts_for(request: gr.Request | None) -> Texts:
    """The page's texts in the language that the browser asks for."""
    return TEXTS[language(request.headers.get("accept-language") if request else None)]


def remembered(jobs: Any) -> list[str]:
    """What a browser kept, which may be anything."""
    return [id for id in jobs if isinstance(id, str)][:REMEMBERED] if isinstance(jobs, list) else []


def pressed(event: gr.EventData) -> Mapping[str, Any]:
    """What the pressed button told, which may be anything."""
    return event._data if isinstance(event._data, dict) else {}


def pointed(visit: Visit, event: gr.EventData) -> tuple[Run | None, int | None]:
    """The run and the picture that a button stands for; no index: the whole run."""
    data = pressed(event)
    index = str(data.get("index", ""))
    return find(visit, str(data.get("job"))), int(index) if re.fullmatch(r"[0-9]{1,3}", index) else None
