"""The page's controls: what they hold for a model, and what happens when they are used. Plain functions of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from generation.engine import Engine
from generation.request import RANDOM, GenerationRequest
from generation.samplers import offered
from models.registry import Registry
from models.spec import ModelSpec
from ui import stage, views
from ui.cards import cards
from ui.parts import ends
from ui.recipe import DEPENDENT, preset, presets, remarks, switched
from ui.screen import SKIP
from ui.sharing.views import button
from ui.status import Status
from ui.texts import Texts
from ui.visit import Visit
from ui.visitor import pointed, pressed, texts_for


class Bench(NamedTuple):
    """The controls and what depends on the chosen model, by component. The first ten are a request's fields."""

    prompt: Any = SKIP
    negative_prompt: Any = SKIP
    model: Any = SKIP
    steps: Any = SKIP
    guidance_scale: Any = SKIP
    width: Any = SKIP
    height: Any = SKIP
    seed: Any = SKIP
    sampler: Any = SKIP
    count: Any = SKIP
    size: Any = SKIP
    examples: Any = SKIP
    applied: Any = SKIP  # the model whose limits the controls show


def replayed(models: Registry, asked: GenerationRequest, texts: Texts) -> Bench:
    """The controls for a request that was made before; its seed is not repeated unless asked for."""
    held = {name: getattr(asked, name) for name in ("negative_prompt", "steps", "guidance_scale", "sampler")}
    bench = fitted(models[asked.model], held | {"width": asked.width, "height": asked.height}, texts)
    return bench._replace(prompt=asked.prompt, model=gr.HTML(value=asked.model), count=asked.count, seed=RANDOM)


def fitted(spec: ModelSpec, held: Mapping[str, Any], texts: Texts) -> Bench:
    """The controls with the limits of `spec`, holding what is `held`."""
    guidance = spec.guidance_scale
    given = ends(guidance.low, guidance.high, 0.1) | {"value": held["guidance_scale"]} if guidance else {}
    against, meaning = remarks(spec)
    return Bench(
        negative_prompt=gr.Textbox(
            value=held["negative_prompt"],
            interactive=not against,
            info=texts[against] if against else "",
            placeholder="" if against else texts["negative_prompt_placeholder"],
        ),
        steps=gr.Slider(value=held["steps"], **ends(spec.steps.low, spec.steps.high, 1)),
        guidance_scale=gr.Slider(visible=guidance is not None, info=texts[meaning] if meaning else "", **given),
        width=gr.Number(value=held["width"], step=spec.size_multiple),
        height=gr.Number(value=held["height"], step=spec.size_multiple),
        sampler=gr.Dropdown(choices=list(offered(spec)), value=held["sampler"]),
        size=gr.Dropdown(choices=presets(spec), value=preset(spec, held["width"], held["height"])),
        examples=views.examples(spec, texts),
        applied=spec.name,
    )


class Controls:
    """The handlers of the controls of one engine's page."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def greet(self, request: gr.Request) -> tuple[Any, ...]:
        """The page's own texts in the visitor's language: head, stage, status, cards, examples, copies."""
        texts = texts_for(request)
        spec = self.engine.models[self.engine.default_model]
        strip = views.unexposed("strip_empty", 1, texts)
        blank = (stage.empty(spec, texts), Status(texts["ready"]).html(), strip)
        return (*self.standing(request), *blank, views.examples(spec, texts), button(texts))

    def standing(self, request: gr.Request) -> tuple[Any, ...]:
        """Head of the page and model cards as things stand; the clock goes on until the device is known."""
        texts, device = texts_for(request), self.engine.device()
        user = getattr(request, "username", None)
        head = views.masthead(device.label if device else texts["starting"], texts, user)
        return head, gr.HTML(cards=cards(self.engine.models, self.engine.states(), texts)), gr.Timer(active=not device)

    def switch(
        self,
        model: Any,
        applied: str,
        negative_prompt: Any,
        steps: Any,
        guidance_scale: Any,
        width: Any,
        height: Any,
        sampler: Any,
        request: gr.Request,
    ) -> Bench:
        """Apply the limits and defaults of `model` to the controls, which show those of `applied`."""
        values = {name: value for name, value in locals().items() if name in DEPENDENT}
        if not isinstance(model, str) or model not in self.engine.models:
            return Bench()
        old, new = self.engine.models[applied], self.engine.models[model]
        return fitted(new, switched(old, new, values), texts_for(request))

    def resize(self, chosen: str | None) -> tuple[Any, Any]:
        """Width and height of a preset."""
        sides = re.fullmatch(r"(\d{1,5}) × (\d{1,5})", chosen or "")
        return (int(sides[1]), int(sides[2])) if sides else (SKIP, SKIP)

    def sized(self, width: Any, height: Any, model: Any) -> Any:
        """The preset that a width and height are, if any."""
        spec = self.engine.models.get(str(model))
        return preset(spec, width, height) if spec else SKIP

    def example(self, event: gr.EventData) -> Any:
        """An example becomes the prompt."""
        return pressed(event).get("prompt", SKIP)

    def use(self, visit: Visit, request: gr.Request, event: gr.EventData) -> Bench:
        """Take over the seed of a picture, or its whole recipe."""
        run, index = pointed(visit, event)
        if run is None:
            return Bench()
        seed = run.request.seed + (index or 0)
        if pressed(event).get("act") == "seed":
            return Bench(seed=seed)
        return replayed(self.engine.models, run.request, texts_for(request))._replace(seed=seed, count=1)
