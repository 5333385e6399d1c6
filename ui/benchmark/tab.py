"""The tab where models are measured: what stands where, and which handler answers which event."""

from __future__ import annotations

import gradio as gr

from generation.engine import Engine
from measurement.plan import ROUNDS
from models.storage import State
from ui.benchmark import views
from ui.benchmark.handlers import Look, Measuring
from ui.cards import several
from ui.parts import LIGHT, SLOW, Parts, choices, view
from ui.status import Status
from ui.texts import DEFAULT, TEXTS
from ui.turn import Turn

WORDS = TEXTS[DEFAULT]  # until the visitor's language is known
ASKED = ("models", "quick", "random", "size", "steps", "rounds")


def place(engine: Engine, say: gr.I18n) -> Parts:
    """Within the page's tabs."""
    with (
        gr.Tab(say("benchmark"), id="benchmark", render_children=True, elem_id="benchmark") as tab,
        gr.Row(elem_id="benchmark_room"),
    ):
        with gr.Column(elem_id="benchmark_results"):
            parts: Parts = {
                "benchmark_status": view(Status(WORDS["benchmark_ready"]).html(), elem_id="benchmark_status"),
                "benchmark_table": view(views.empty(WORDS), elem_id="benchmark_table"),
            }
        with gr.Column(elem_id="benchmark_bench"):
            parts |= _bench(engine, say)
        # Within the tab: beside it they would count as tabs.
        parts |= {"benchmark_shown": gr.State(""), "benchmark_turn": gr.State(Turn())}
    return parts | {"benchmark": tab}


def wire(parts: Parts, measuring: Measuring) -> None:
    """Connect the tab to what it does with benchmarks."""
    asked = [parts[f"benchmark_{name}"] for name in ASKED]
    shown, turn = parts["benchmark_shown"], parts["benchmark_turn"]
    look = [parts[name] for name in Look._fields]
    watching = {"fn": measuring.watch, "inputs": [shown, turn], "outputs": look, "api_visibility": "private", **SLOW}
    parts["benchmark"].select(measuring.choices, None, parts["benchmark_models"], **LIGHT).then(**watching)
    # By the queue, as only what went through it has its refusals shown.
    begin = {"fn": measuring.start, "inputs": asked, "outputs": shown, "api_visibility": "private", **SLOW}
    parts["benchmark_start"].click(**begin).success(**watching)
    parts["benchmark_stop"].click(measuring.stop, None, None, **LIGHT)
    parts["benchmark_earlier"].select(measuring.act, None, shown, **LIGHT).success(**watching)


def _bench(engine: Engine, say: gr.I18n) -> Parts:
    """What is to be measured."""
    states = engine.states()
    here = [name for name, state in states.items() if state is not State.TO_DOWNLOAD] or [engine.default_model]
    with gr.Row(elem_id="benchmark_acts"):
        parts: Parts = {
            "benchmark_start": gr.Button(say("benchmark_start"), variant="primary", elem_id="benchmark_start"),
            "benchmark_stop": gr.Button(say("stop"), interactive=False, elem_id="benchmark_stop"),
        }
    parts["benchmark_models"] = choices(
        "\n".join(here), several(engine.models, states, WORDS), elem_id="benchmark_models"
    )
    parts["benchmark_quick"] = gr.Checkbox(label=say("benchmark_quick"), elem_id="benchmark_quick")
    parts["benchmark_random"] = gr.Checkbox(label=say("benchmark_random"), elem_id="benchmark_random")
    with gr.Row(elem_classes="tight"):
        parts["benchmark_size"] = gr.Textbox(
            label=say("size"),
            placeholder=say("benchmark_size_own"),
            max_lines=1,
            min_width=160,
            elem_id="benchmark_size",
        )
        for name, value in (("steps", ""), ("rounds", str(ROUNDS))):
            label = say("steps" if name == "steps" else "benchmark_rounds")
            parts[f"benchmark_{name}"] = gr.Textbox(
                value, label=label, max_lines=1, min_width=70, elem_id=f"benchmark_{name}"
            )
    parts["benchmark_earlier"] = view(elem_id="benchmark_earlier")
    return parts
