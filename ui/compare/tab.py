"""The tab where models are compared: what stands where, and which handler answers which event."""

from __future__ import annotations

import gradio as gr

from generation.engine import Engine
from generation.samplers import SAMPLERS
from models.storage import State
from ui.cards import several
from ui.compare import grid, views
from ui.compare.asked import CONTROLS
from ui.compare.closely import Closely
from ui.compare.handlers import OF_PICTURE, Comparing, Look
from ui.compare.voting import Voting
from ui.parts import HEARD, LIGHT, Parts, choices, view
from ui.texts import DEFAULT, TEXTS
from ui.turn import Turn

# What was to be developed is the first prompt, unless there is one. In the browser, for no answer to come too late.
CARRY = "(held, prompt) => held?.trim() ? held : (prompt ?? '').trim().replace(/\\s+/g, ' ')"
WORDS = TEXTS[DEFAULT]  # until the visitor's language is known


def place(engine: Engine, say: gr.I18n) -> Parts:
    """Within the page's tabs."""
    with (
        gr.Tab(say("compare"), id="compare", render_children=True, elem_id="compare") as tab,
        gr.Row(elem_id="compare_room"),
    ):
        with gr.Column(elem_id="compare_table"):
            parts: Parts = {name: view(elem_id=name) for name in ("compare_status", "compare_bar")}
            parts["compare_grid"] = view(grid.empty(WORDS), elem_id="compare_grid")
            parts |= {name: view(elem_id=name) for name in ("compare_live", "compare_plot")}
        with gr.Column(elem_id="compare_bench"):
            parts |= _bench(engine, say)
        parts |= {  # within the tab: beside it they would count as tabs
            "compare_ballot": gr.State(None),
            "compare_shown": gr.State(""),
            "compare_beside": gr.State(""),  # the baseline; empty: the first model
            "compare_turn": gr.State(Turn()),
            "compare_known": gr.BrowserState("", storage_key="darkroom-compared", secret="darkroom"),
        }
    return parts | {"compare": tab}


def place_above() -> Parts:
    """What covers the tabs while it is open: two pictures looked at closely, and the vote."""
    with gr.Column(elem_id="closeup"):
        parts: Parts = {
            "closeup": view(elem_id="closeup_view"),
            "closeup_slider": gr.ImageSlider(
                show_label=False,
                container=False,
                buttons=[],
                interactive=False,
                max_height=2000,
                elem_id="closeup_slider",
            ),
        }
    return parts | {"vote": view(elem_id="vote")}


def wire(demo: gr.Blocks, parts: Parts, comparing: Comparing, closely: Closely, voting: Voting) -> None:
    """Connect the tab to what it does with comparisons."""
    held = [parts[f"compare_{name}"] for name in CONTROLS]
    shown, beside = parts["compare_shown"], parts["compare_beside"]
    cards, earlier = parts["compare_models"], parts["compare_earlier"]
    look = [parts[name] for name in Look._fields]
    watch = {"fn": comparing.watch, "inputs": [shown, beside, parts["compare_turn"]], "outputs": look}
    watching = watch | HEARD
    told = [cards, earlier, parts["compare_file"], parts["compare_recipe"]]
    parts["compare"].select(comparing.choices, shown, told, **LIGHT)
    prompts = parts["compare_prompts"]
    parts["compare"].select(None, [prompts, parts["prompt"]], prompts, js=CARRY, **LIGHT)
    ahead = {"fn": comparing.forecast, "inputs": held, "outputs": [parts["compare_forecast"], parts["compare_start"]]}
    for control in held:
        changed = control.input if control is cards else control.change
        changed(**ahead, **LIGHT)
    begin = {"inputs": held, "outputs": [shown, beside]}
    parts["compare_start"].click(comparing.start, **begin, **HEARD).success(**watching).then(**ahead, **LIGHT)
    parts["compare_stop"].click(comparing.stop, shown, None, **HEARD)
    parts["compare_resume"].click(comparing.resume, shown, None, **HEARD).success(**watching)
    acts = {"inputs": [shown, beside], "outputs": [shown, beside]}
    parts["compare_grid"].select(comparing.act, **acts, **HEARD)
    opened = {"inputs": shown, "outputs": [parts["closeup"], parts["closeup_slider"]]}
    parts["compare_grid"].select(closely.open, **opened, **HEARD)
    for name in ("compare_bar", "compare_earlier"):
        parts[name].select(comparing.act, **acts, **HEARD).success(**watching)
    votes = {"inputs": [shown, parts["compare_ballot"]], "outputs": [parts["vote"], parts["compare_ballot"]]}
    replot = {"fn": comparing.replot, "inputs": shown, "outputs": parts["compare_plot"]}
    for name in ("compare_bar", "vote"):
        parts[name].select(voting.act, **votes, **HEARD).success(**replot, **LIGHT)
    replay = {"inputs": None, "outputs": [shown, beside, parts["compare_recipe"]]}
    parts["compare_recipe"].select(comparing.replay, **replay, **HEARD).success(**watching)
    demo.load(comparing.attach, parts["compare_known"], shown, **LIGHT).success(**watching)


def wire_gallery(parts: Parts, comparing: Comparing) -> None:
    """A picture of the gallery becomes what is to be compared."""
    held = [parts[f"compare_{name}"] for name in OF_PICTURE]
    parts["viewer"].input(comparing.take, None, [*held, parts["tabs"]], **HEARD)


def _bench(engine: Engine, say: gr.I18n) -> Parts:
    """What is to be compared."""
    with gr.Column(elem_id="compare_ask"):
        parts: Parts = {
            "compare_prompts": gr.Textbox(
                label=say("compare_prompts"),
                placeholder=say("compare_prompts_placeholder"),
                lines=5,
                max_lines=14,
                elem_id="compare_prompts",
            )
        }
        parts["compare_file"] = view(views.drops(WORDS)[0], elem_id="compare_file")
        with gr.Row(elem_id="compare_acts"):
            parts["compare_start"] = gr.Button(
                say("compare_start"), variant="primary", interactive=False, elem_id="compare_start"
            )
            parts["compare_stop"] = gr.Button(say("stop"), interactive=False, elem_id="compare_stop")
        parts["compare_forecast"] = view(elem_id="compare_forecast")
        parts["compare_resume"] = gr.Button(say("compare_resume"), interactive=False, elem_id="compare_resume")
    with gr.Column(elem_id="compare_choices"):
        states = engine.states()
        here = [name for name, state in states.items() if state is not State.TO_DOWNLOAD] or [engine.default_model]
        cards = several(engine.models, states, WORDS)
        parts["compare_models"] = choices("\n".join(here), cards, elem_id="compare_models")
        parts["compare_seeds"] = gr.Textbox(
            label=say("compare_seeds"), placeholder=say("compare_seeds_placeholder"), elem_id="compare_seeds"
        )
        with gr.Accordion(say("compare_axes"), open=False, elem_id="compare_axes"):
            parts |= _axes(say)
        parts["compare_earlier"] = view(elem_id="compare_earlier")
        parts["compare_recipe"] = view(views.drops(WORDS)[1], elem_id="compare_recipe")
    return parts


def _axes(say: gr.I18n) -> Parts:
    """What is left to the models unless somebody varies it."""
    own = say("compare_own")
    gr.Markdown(say("compare_axes_hint"), elem_id="compare_hint")
    with gr.Row(elem_classes="tight"):
        parts: Parts = {
            "compare_steps": gr.Textbox(label=say("steps"), placeholder=own, min_width=120, elem_id="compare_steps"),
            "compare_guidance_scales": gr.Textbox(
                label=say("guidance_scale"), placeholder=own, min_width=120, elem_id="compare_guidance_scales"
            ),
        }
    parts["compare_samplers"] = gr.Dropdown(list(SAMPLERS), value=[], multiselect=True, label=say("sampler"))
    parts["compare_negative_prompt"] = gr.Textbox(label=say("negative_prompt"), placeholder=own, max_lines=4)
    with gr.Row(elem_classes="tight"):
        for side in ("width", "height"):
            parts[f"compare_{side}"] = gr.Textbox(
                label=say(side), placeholder=own, min_width=100, elem_id=f"compare_{side}"
            )
    return parts
