"""A recipe that was read somewhere → the page's controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from generation.engine import Engine
from recipes.taking import taken
from ui.controls import replayed
from ui.status import Status
from ui.texts import Texts


def applied(
    engine: Engine, said: Mapping[str, Any], texts: Texts, model: str | None = None, others: Sequence[str] = ()
) -> tuple[Any, ...]:
    """Bench, status and tabs with what can be taken from `said`, and a line that names the rest, `others` too.

    `model` stays where `said` names none that is on offer.
    """
    found = taken(engine.request, said, model)
    bench = replayed(engine.models, found.request, texts)._replace(seed=found.request.seed)
    rest = (*found.refused, *others)
    line = Status(texts["applied_partly"] if rest else texts["applied_all"], rest)
    return (*bench, line.html(), gr.Tabs(selected="develop"))
