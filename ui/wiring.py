"""Which handler answers which event of the page, and what is the endpoint that programs call."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gallery.keeper import Keeper
from generation.engine import Engine
from ui.browsing import Browsing
from ui.controls import Bench, Controls
from ui.handlers import Acts
from ui.recipe import DEPENDENT
from ui.screen import Screen
from ui.visitor import new_visitor, owner_of

FIELDS = {  # of a request, and so of the endpoint /generate: what programs should send
    "prompt": "string",
    "negative_prompt": "string",
    "model": "string",
    "steps": "integer",
    "guidance_scale": "number",
    "width": "integer",
    "height": "integer",
    "seed": "integer",
    "sampler": "string",
    "count": "integer",
}
# What the controls hold becomes what is asked. A control that the model does not have is not on the page.
COPY = "(...values) => { if (!document.querySelector('#guidance_scale')) values[4] = null; return values; }"
SAVE = "() => setTimeout(() => document.querySelector('#saved').click(), 100)"
WATCHERS = 100  # jobs that are watched at a time, and as many that are submitted

Parts = dict[str, Any]  # components by what they are for: fields of a request, of Screen and of Bench, and a few more

LIGHT: Any = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
SLOW: Any = {"show_progress": "hidden", "concurrency_limit": WATCHERS}


def wire(demo: gr.Blocks, parts: Parts, engine: Engine, keeper: Keeper | None, private: bool) -> None:
    """Connect the page's parts to what they do with `engine`."""
    acts, controls = Acts(engine, keeper), Controls(engine)
    _wire_jobs(demo, parts, acts, controls)
    _wire_controls(parts, acts, controls)
    if keeper:
        _wire_album(parts, Browsing(engine, keeper, private))


def _wire_jobs(demo: gr.Blocks, parts: Parts, acts: Acts, controls: Controls) -> None:
    """Develop, stop, watch, and come back. Develop is the endpoint that programs call, with the same ten values."""
    screen = [parts[name] for name in Screen._fields]
    bench = [parts[name] for name in Bench._fields]
    fields = [parts[f"asked_{field}"] for field in FIELDS]
    (
        parts["develop"]
        .click(
            lambda mode, visitor: (mode, owner_of(visitor)),
            [parts["preview"], parts["visitor"]],
            [parts["asked_preview"], parts["asked_owner"]],
            **LIGHT,
        )
        .then(None, [parts[field] for field in FIELDS], fields, js=COPY, **LIGHT)
        .then(
            acts.generate,
            [*fields, parts["asked_preview"], parts["asked_owner"]],
            [parts["pictures"], parts["details"], parts["job"]],
            api_name="generate",
            **SLOW,
        )
    )
    parts["job"].change(
        acts.watch, [parts["job"], parts["visit"], parts["jobs"]], screen, api_visibility="private", **SLOW
    ).then(controls.standing, None, [parts["masthead"], parts["model"], parts["clock"]], **LIGHT)
    parts["stop"].click(acts.stop, parts["job"], None, **LIGHT)
    greeted = [parts[name] for name in ("masthead", "model", "clock", "stage", "status", "strip", "examples")]
    demo.load(new_visitor, parts["visitor"], parts["visitor"], **LIGHT)
    demo.load(controls.greet, None, greeted, **LIGHT).then(
        acts.attach,
        parts["jobs"],
        [parts["job"], parts["visit"], parts["history"], *bench],
        api_visibility="private",
        **SLOW,  # only what went through the queue tells the page of a changed state, which is what makes it watch
    )


def _wire_controls(parts: Parts, acts: Acts, controls: Controls) -> None:
    bench = [parts[name] for name in Bench._fields]
    shown = [parts[name] for name in Screen._fields]
    dependent = [parts[name] for name in DEPENDENT]
    parts["model"].input(controls.switch, [parts["model"], parts["applied"], *dependent], bench, **LIGHT)
    parts["size"].input(controls.resize, parts["size"], [parts["width"], parts["height"]], **LIGHT)
    for side in ("width", "height"):
        parts[side].input(controls.sized, [parts["width"], parts["height"], parts["model"]], parts["size"], **LIGHT)
    parts["examples"].select(controls.example, None, parts["prompt"], **LIGHT)
    for name in ("stage", "history", "result"):
        parts[name].select(acts.show, parts["visit"], shown, **LIGHT)
    parts["result"].input(controls.use, parts["visit"], bench, **LIGHT)
    parts["strip"].select(acts.save, parts["visit"], parts["saved"], **LIGHT).then(None, js=SAVE, **LIGHT)
    parts["clock"].tick(controls.standing, None, [parts["masthead"], parts["model"], parts["clock"]], **LIGHT)


def _wire_album(parts: Parts, browsing: Browsing) -> None:
    filters = [parts[f"album_{name}"] for name in ("words", "model", "sampler", "period", "starred")]
    wanted, grid, visitor = [*filters, parts["visitor"]], parts["album_grid"], parts["visitor"]
    chosen = [parts["album_model"], parts["album_sampler"]]
    parts["album"].select(browsing.choices, [*chosen, visitor], [*chosen, parts["album_notice"]], **LIGHT).then(
        browsing.search, wanted, grid, **LIGHT
    )
    parts["album_words"].change(browsing.search, wanted, grid, **LIGHT)
    for filter_ in filters[1:]:
        filter_.input(browsing.search, wanted, grid, **LIGHT)
    for name in ("album_grid", "album_notice", "viewer"):
        parts[name].select(browsing.act, visitor, [parts["album_notice"], parts["viewer"]], **LIGHT)
    bench = [parts[name] for name in Bench._fields]
    parts["viewer"].input(browsing.use, visitor, [*bench, parts["status"], parts["tabs"]], **LIGHT)
