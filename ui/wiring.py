"""Which handler answers which event of the page, and what is the endpoint that programs call."""

from __future__ import annotations

import gradio as gr
from gradio.events import api

from studio import Studio
from ui.album import tab as album
from ui.album.handlers import Browsing
from ui.benchmark import tab as benchmark
from ui.benchmark.handlers import Measuring
from ui.compare import tab as compare
from ui.compare.api import endpoint as compared
from ui.compare.closely import Closely
from ui.compare.handlers import Comparing
from ui.compare.voting import Voting
from ui.controls import Bench, Controls
from ui.foot import foot
from ui.handlers import Acts
from ui.offer import endpoint as offered
from ui.parts import HEARD, LIGHT, SLOW, WATCHERS, Parts
from ui.reading import tab as reading
from ui.reading.handlers import Reader
from ui.recipe import DEPENDENT
from ui.screen import Screen
from ui.sharing.handlers import Sharing

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
QUERY = "() => [location.search]"  # of the page's address, from which a link fills it in
SAVE = "() => setTimeout(() => document.querySelector('#saved').click(), 100)"


def wire(demo: gr.Blocks, parts: Parts, studio: Studio) -> None:
    """Connect the page's parts to what they do in `studio`."""
    engine, keeper, runs = studio.engine, studio.keeper, studio.runs
    acts, controls = Acts(studio), Controls(engine)
    _wire_jobs(demo, parts, acts, controls, Sharing(engine, studio.keyed))
    _wire_controls(parts, acts, controls)
    api(offered(engine), api_name="models", concurrency_limit=WATCHERS)
    reading.wire(demo, parts, Reader(engine))
    foot.wire(demo, parts, studio)
    if runs:
        comparing = Comparing(studio, runs)
        compare.wire(demo, parts, comparing, Closely(studio, runs), Voting(studio, runs))
        api(compared(engine, runs), api_name="compare", concurrency_limit=WATCHERS)
        if keeper:
            compare.wire_gallery(parts, comparing)
    if keeper:
        album.wire(parts, Browsing(studio, keeper))
    if studio.runner:
        benchmark.wire(parts, Measuring(engine, studio.runner))


def _wire_jobs(demo: gr.Blocks, parts: Parts, acts: Acts, controls: Controls, sharing: Sharing) -> None:
    """Develop, stop, watch, and come back. Develop is the endpoint that programs call, with the same ten values."""
    screen = [parts[name] for name in Screen._fields]
    bench = [parts[name] for name in Bench._fields]
    fields = [parts[f"asked_{field}"] for field in FIELDS]
    (
        parts["develop"]
        .click(lambda mode: mode, parts["preview"], parts["asked_preview"], **LIGHT)
        .then(None, [parts[field] for field in FIELDS], fields, js=COPY, **LIGHT)
        .then(
            acts.generate,
            [*fields, parts["asked_preview"]],
            [parts["pictures"], parts["details"], parts["job"]],
            api_name="generate",
            **SLOW,
        )
    )
    parts["job"].change(
        acts.watch, [parts["job"], parts["visit"], parts["jobs"]], screen, api_visibility="private", **SLOW
    ).then(controls.standing, None, [parts["masthead"], parts["model"], parts["clock"]], **LIGHT)
    parts["stop"].click(acts.stop, parts["job"], None, **LIGHT)
    greeted = [
        parts[name] for name in ("masthead", "model", "clock", "stage", "status", "strip", "examples", "copy_settings")
    ]
    demo.load(controls.greet, None, greeted, **LIGHT).then(
        acts.attach,
        parts["jobs"],
        [parts["job"], parts["visit"], parts["history"], *bench],
        api_visibility="private",
        **SLOW,  # only what went through the queue tells the page of a changed state, which is what makes it watch
    ).then(sharing.open, parts["query"], bench, js=QUERY, **HEARD)
    parts["copy_settings"].select(None, [parts[field] for field in FIELDS], fields, js=COPY, **LIGHT).then(
        sharing.copies, fields, parts["copies"], **HEARD
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
    parts["strip"].select(acts.save, parts["visit"], parts["saved"], **HEARD).then(None, js=SAVE, **LIGHT)
    parts["clock"].tick(controls.standing, None, [parts["masthead"], parts["model"], parts["clock"]], **LIGHT)
