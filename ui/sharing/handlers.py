"""What links and copies do on the page: fill in what a link says, and write down what the controls hold."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from errors import InvalidRequest
from generation import infotext
from generation.engine import Engine
from generation.request import RANDOM
from recipes.taking import taken
from ui.controls import Bench, replayed
from ui.handlers import refusals_shown
from ui.sharing import links, views
from ui.texts import Texts
from ui.visitor import texts_for

NOTICE_SECONDS = 30.0  # that it is shown what could not be taken from a link


class Sharing:
    """The handlers of links and copies on one engine's page. `keyed`: who asks has to say who they are."""

    def __init__(self, engine: Engine, keyed: bool) -> None:
        self.engine, self.keyed = engine, keyed

    def open(self, search: Any, request: gr.Request) -> Bench:
        """Fill in what the query of the page's address says, and tell what of it can't be taken. Starts nothing."""
        texts = texts_for(request)
        with refusals_shown(texts):
            said, refused = links.said(search)
            bench, more = self._filled(said, texts) if said else (Bench(), ())
            if refused := [*refused, *more]:
                lines = (texts["link_partly"], *refused)
                told = "<br>".join(escape(line, quote=False) for line in lines)  # a notice shows HTML
                gr.Warning(told, duration=NOTICE_SECONDS)
            return bench

    def _filled(self, said: Mapping[str, Any], texts: Texts) -> tuple[Bench, tuple[str, ...]]:
        found = taken(self.engine.request, said)
        count, refused = self._count(said)
        seed = found.request.seed if "seed" in found.fields and said["seed"] != RANDOM else RANDOM
        bench = replayed(self.engine.models, found.request, texts)._replace(seed=seed, count=count)
        return bench, (*found.refused, *refused)

    def _count(self, said: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Of one picture nothing tells a count, hence `taken` takes none."""
        if "count" not in said:
            return 1, ()
        try:
            return self.engine.request({"prompt": "", "count": said["count"]}).count, ()
        except InvalidRequest as error:
            return 1, (str(error),)

    def copies(
        self,
        prompt: Any,
        negative_prompt: Any,
        model: Any,
        steps: Any,
        guidance_scale: Any,
        width: Any,
        height: Any,
        seed: Any,
        sampler: Any,
        count: Any,
        request: gr.Request,
    ) -> str:
        """What the controls hold, for other programs. A random seed stays one."""
        asked = {name: value for name, value in locals().items() if name not in ("self", "request")}
        texts = texts_for(request)
        with refusals_shown(texts):
            wanted = self.engine.request(asked)
            wanted = wanted.model_copy(update={"seed": RANDOM}) if seed == RANDOM else wanted
            text = infotext.write(wanted, self.engine.models[wanted.model])
            return views.listed(wanted, text, self.keyed, texts)
