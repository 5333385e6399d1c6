"""A real server of the page, in this process and on a free port, around a real engine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import config
from access.configured import entrance
from access.public import publicity
from api.routes import routes
from comparison.runs import Runs
from gallery.keeper import Keeper
from generation.engine import Engine
from guard.sockets import watch
from measurement.runner import Runner
from terminal.address import free_port
from terminal.engine import engine_for
from terminal.opening import Opening
from terminal.serving import built, end, start
from tests.deployments import entry, written
from ui.layout import build
from ui.server import launch_options

LONG = {"steps": 900, "width": 256, "height": 256}  # a run that a test means to interrupt: no machine ends it first


@dataclass(frozen=True)
class Served:
    """The page at `url` and the engine behind it."""

    url: str
    engine: Engine
    keeper: Keeper | None = None  # of the gallery, where the deployment has one
    runs: Runs | None = None  # its comparisons, likewise
    runner: Runner | None = None  # its benchmarks, where the page is not private


@contextmanager
def served(
    path: Path, outputs: Path | None = None, having: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[Served]:
    """Serve the deployment of the config.yaml at `path`, whose folders are below `outputs` if that is named.

    `having` replaces parts of its Studio, and `options` what gradio is to launch it with.
    """
    deployment = config.load(path)
    if outputs:
        kept = {name: getattr(deployment, name) for name in ("gallery", "comparison", "measurement")}
        moved = {name: part.model_copy(update={"folder": str(outputs / name)}) for name, part in kept.items()}
        deployment = deployment.model_copy(update=moved)
    engine = engine_for(deployment, public=bool(deployment.server.public))
    server = deployment.server.model_copy(update={"host": "127.0.0.1", "port": 0})
    why = publicity(server.public, server.host, False, os.environ)
    studio = built(engine, deployment, Opening(server, entrance(deployment.access, None, os.environ), why=why))
    if studio.private:
        studio = replace(studio, runner=None)
    studio = replace(studio, **having or {})
    page = build(studio)
    port = free_port(server)  # gradio's own search leaves a socket open for each port that is taken
    options = launch_options(studio, routes(studio)) | options
    _, url, _ = page.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **options)
    watch(page.server, studio.rules)
    start(studio)
    try:
        yield Served(url.rstrip("/"), engine, studio.keeper, studio.runs, studio.runner)
    finally:
        end(studio)
        page.close(verbose=False)


def two_models(folder: Path, checkpoint: Path, **choices: Any) -> Path:
    """A config.yaml with `tiny`, and `plain` which takes no guidance, tells unknown words and has other limits."""
    ranges: dict[str, Any] = {
        "guidance_scale": None,
        "steps": {"low": 1, "high": 8, "default": 3},
        "negative_prompt": "blurry",
        "vocabulary": True,
    }
    sizes = [{"width": 96, "height": 96}, {"width": 64, "height": 128}]
    plain = entry("plain", checkpoint, **ranges, size=sizes[0], sizes=sizes, size_multiple=32)
    return written(folder, entry("tiny", checkpoint, max_pixels=256 * 256), plain, **choices)
