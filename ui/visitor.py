"""What a visitor's browser tells: its language, the pressed button, the jobs it remembers. Any of it may be false."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.screen import REMEMBERED
from ui.texts import TEXTS, Texts, language
from ui.visit import Run, Visit, find

KEY_LENGTH = 24  # characters of a visitor's key, at least
NOBODY = "0" * 16  # an owner who has no pictures


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


def new_visitor(known: Any) -> str:
    """The random key by which a browser is known here; the one that it has, if it has one."""
    return known if isinstance(known, str) and len(known) >= KEY_LENGTH else secrets.token_urlsafe(KEY_LENGTH)


def owner_of(visitor: Any) -> str:
    """What stands for a visitor beside their pictures, from which their key can't be told; nobody without a key."""
    if not isinstance(visitor, str) or len(visitor) < KEY_LENGTH:
        return NOBODY
    return hashlib.sha256(visitor.encode(errors="replace")).hexdigest()[:16]
