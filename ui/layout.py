"""The page: what stands where. What answers which event is in wiring.py, the looks are in style.css."""

from __future__ import annotations

import os
from typing import get_args

import gradio as gr

from generation.engine import Engine
from generation.samplers import offered
from generation.settings import PreviewMode
from models.spec import ModelSpec
from studio import Studio
from ui import stage, views
from ui.album import tab as album
from ui.benchmark import tab as benchmark
from ui.cards import cards
from ui.compare import tab as compare
from ui.foot import foot
from ui.parts import WATCHERS, Parts, asked, choice, ends, view
from ui.reading import tab as reading
from ui.recipe import presets, remarks
from ui.sharing import views as sharing
from ui.status import Status
from ui.texts import DEFAULT, TEXTS
from ui.wiring import FIELDS, wire

WORDS = TEXTS[DEFAULT]  # until the visitor's language is known


def build(studio: Studio) -> gr.Blocks:
    """The page of `studio`, with a tab for each thing that it has."""
    # Gradio sums up all its events after each one, unless told not to; that takes a third of its time.
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000")
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "500")
    demo: gr.Blocks
    with gr.Blocks(title="Darkroom", analytics_enabled=False, delete_cache=(3600, 86400), fill_width=True) as demo:
        parts = _placed(studio)
        if studio.entrance and studio.entrance.hf:
            gr.LoginButton(visible=False)  # without one gradio has no login by Hugging Face; the head links to it
        wire(demo, parts, studio)
    demo.queue(api_open=False, max_size=4 * WATCHERS)
    return demo


def _placed(studio: Studio) -> Parts:
    engine = studio.engine
    spec = engine.models[engine.default_model]
    parts: Parts = {"masthead": view(views.masthead(WORDS["starting"], WORDS), elem_id="masthead")}
    say = gr.I18n()
    with gr.Tabs(elem_id="tabs", selected="develop") as parts["tabs"]:
        with gr.Tab(say("develop"), id="develop", render_children=True):
            parts |= _room(engine, spec)
        if studio.runs:
            parts |= compare.place(engine, say)
        if studio.keeper:
            parts |= album.place(say)
        parts |= reading.place(say)
        if studio.runner:
            parts |= benchmark.place(engine, say)
    parts |= foot.place(studio)
    parts |= reading.place_above()
    # Above the tabs, which are inert while something of these is open.
    if studio.runs:
        parts |= compare.place_above()
    if studio.keeper:
        parts |= album.place_above()
    return parts | _unseen(spec)


def _room(engine: Engine, spec: ModelSpec) -> Parts:
    """Where pictures are made."""
    with gr.Row(elem_id="room"):
        with gr.Column(elem_id="light-table"):
            parts = _light_table(spec)
        with gr.Column(elem_id="bench"):
            parts |= _bench(engine, spec)
    return parts


def _light_table(spec: ModelSpec) -> Parts:
    """The picture and all that belongs to it."""
    with gr.Column(elem_id="print-area"):
        parts: Parts = {
            "stage": view(stage.empty(spec, WORDS), elem_id="stage"),
            "status": view(Status(WORDS["ready"]).html(), elem_id="status"),
        }
    with gr.Column(elem_id="after"):
        parts["strip"] = view(views.unexposed("strip_empty", 1, WORDS), elem_id="strip")
        return parts | {name: view(elem_id=name) for name in ("result", "history")}


def _bench(engine: Engine, spec: ModelSpec) -> Parts:
    """The controls."""
    say = gr.I18n()
    with gr.Column(elem_id="ask"):
        parts: Parts = {
            "prompt": gr.Textbox(
                label=say("prompt"),
                placeholder=say("prompt_placeholder"),
                lines=3,
                max_lines=8,
                autofocus=True,
                elem_id="prompt",
            )
        }
        with gr.Row(elem_id="acts"):
            parts["develop"] = gr.Button(say("develop"), variant="primary", elem_id="develop")
            parts["stop"] = gr.Button(say("stop"), interactive=False, elem_id="stop")
        parts["examples"] = view(views.examples(spec, WORDS), elem_id="examples")
    with gr.Column(elem_id="choices"):
        parts["model"] = choice(spec.name, cards(engine.models, engine.states(), WORDS), elem_id="model")
        with gr.Accordion(say("recipe"), open=True, elem_id="recipe"):
            parts |= _recipe(engine, spec, say)
        with gr.Accordion(say("advanced"), open=False, elem_id="advanced"), gr.Row(elem_classes="tight"):
            parts |= _advanced(engine, spec, say)
        parts["copy_settings"] = view(sharing.button(WORDS), elem_id="copy_settings")
        parts["copies"] = view(elem_id="copies")
    return parts


def _recipe(engine: Engine, spec: ModelSpec, say: gr.I18n) -> Parts:
    against, meaning = remarks(spec)
    parts: Parts = {
        "negative_prompt": gr.Textbox(
            spec.negative_prompt,
            interactive=not against,
            info=say(against) if against else None,
            label=say("negative_prompt"),
            placeholder=None if against else say("negative_prompt_placeholder"),
            max_lines=4,
            elem_id="negative_prompt",
        )
    }
    with gr.Row(elem_classes="tight"):
        sizes = presets(spec)
        parts["size"] = gr.Dropdown(
            sizes, value=sizes[0], label=say("size"), filterable=False, min_width=120, elem_id="size"
        )
        for side in ("width", "height"):
            parts[side] = gr.Number(
                getattr(spec.size, side), label=say(side), step=spec.size_multiple, min_width=60, elem_id=side
            )
    guidance = spec.guidance_scale
    scale = (guidance.low, guidance.high, guidance.default) if guidance else (1.0, 2.0, 1.0)
    with gr.Row(elem_classes="tight"):
        parts["steps"] = _slider("steps", spec.steps.low, spec.steps.high, spec.steps.default, 1, say)
        parts["guidance_scale"] = _slider("guidance_scale", *scale, 0.1, say, meaning, visible=guidance is not None)
    with gr.Row(elem_classes="tight"):
        parts["count"] = _slider("count", 1, engine.limits.count, 1, 1, say)
        parts["seed"] = gr.Number(-1, label=say("seed_random"), elem_id="seed", min_width=100)
    return parts


def _slider(
    name: str, low: float, high: float, value: float, step: float, say: gr.I18n, info: str = "", visible: bool = True
) -> gr.Slider:
    return gr.Slider(
        value=value,
        step=step,
        label=say(name),
        info=say(info) if info else None,
        visible=visible,
        buttons=[],
        min_width=100,
        elem_id=name,
        **ends(low, high, step),
    )


def _advanced(engine: Engine, spec: ModelSpec, say: gr.I18n) -> Parts:
    modes = list(get_args(PreviewMode))
    mode = engine.preview.mode
    return {
        "sampler": gr.Dropdown(list(offered(spec)), value=spec.sampler, label=say("sampler"), elem_id="sampler"),
        "preview": gr.Dropdown(modes, value=mode, label=say("preview"), filterable=False, elem_id="preview"),
    }


def _unseen(spec: ModelSpec) -> Parts:
    """What is asked, what programs are answered, and what page and server remember."""
    parts: Parts = {f"asked_{field}": asked(field, kind) for field, kind in FIELDS.items()}
    return parts | {
        "pictures": gr.File(label="pictures", file_count="multiple", visible=False),
        "details": gr.JSON(label="details", visible=False),
        "query": asked("query", "string"),
        "job": gr.State(""),
        "visit": gr.State(()),
        "asked_preview": gr.State(None),  # None: a program asks, which sees no page
        "applied": gr.State(spec.name),
        "jobs": gr.BrowserState([], storage_key="darkroom-jobs", secret="darkroom"),  # random ids, which need no more
        "saved": gr.DownloadButton(visible="hidden", elem_id="saved"),
        "clock": gr.Timer(1.0),
    }
