"""`python app.py serve`: where the page is served and who is let in."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from config import Comparison, Config, Gallery, Measurement, Server
from generation.settings import Queue
from guard.rules import SPACE, rules
from studio import Studio
from terminal.address import free_port
from terminal.opening import Opening, banner
from terminal.public_link import launched
from terminal.stopping import Stopping
from visitors.address import INSIDE, Network, networks
from zerogpu import settings as zerogpu

if TYPE_CHECKING:
    from starlette.middleware import Middleware

    from api.metrics import Metrics
    from comparison.runs import Runs
    from gallery.keeper import Keeper
    from generation.engine import Engine
    from generation.journal import Journal
    from measurement.runner import Runner

log = logging.getLogger(__name__)

STEP_SECONDS = 5.0  # that a step under way is waited for


def run(engine: Engine, deployment: Config, opening: Opening, preload: bool) -> None:
    """Serve until a signal to end. The page comes first: torch and diffusers are imported behind it."""
    stopping, server = Stopping(), opening.server
    port = free_port(server)
    from api.routes import routes
    from ui.layout import build
    from ui.server import close, hang_up, launch_options

    studio = built(engine, deployment, opening)
    page = build(studio)
    options = launch_options(studio, routes(studio))
    link = launched(page, opening.share, server_name=server.host, server_port=port, **options)
    start(studio)
    if preload:
        engine.preload(engine.default_model)
    shown = f"[{server.host}]" if ":" in server.host else server.host
    print(f"Darkroom is at http://{shown}:{port}", flush=True)
    print(*banner(deployment, opening, link), sep="\n", end="", flush=True)
    stopping.wait(hang_up)
    ended = end(studio)
    close(page)
    if not ended:
        log.warning("The work under way does not stop. It ends with the process.")
        os._exit(0)  # a thread that is inside torch would hold up an ordinary exit


def built(engine: Engine, deployment: Config, opening: Opening) -> Studio:
    """All that `deployment` asks for around `engine`, none of it at work yet."""
    on_zerogpu = zerogpu.present(os.environ)  # where a comparison would take a visitor's quota of days
    server, share, public = opening.server, opening.share, opening.public
    return Studio(
        engine,
        keeping(engine, deployment.gallery),
        None if on_zerogpu else comparing(engine, deployment.comparison),
        None if public else measuring(engine, deployment.measurement),
        noting(engine, deployment.queue),
        private=opening.private(deployment.gallery),
        public=public,
        mcp=opening.mcp,
        proxies=proxies(server, share, os.environ),
        entrance=opening.known,
        embedded=SPACE in os.environ,
        rules=rules((server.host, *server.hosts), server.origins, share=share, others=public, environ=os.environ),
        metrics=counting(engine) if opening.metrics else None,
        documented=server.docs,
        around=visiting() if on_zerogpu else (),
    )


def start(studio: Studio) -> None:
    """Let everything work that `studio` has."""
    for part in (studio.journal, studio.keeper, studio.engine):
        if part:
            part.start()


def end(studio: Studio) -> bool:
    """Take no job any more, interrupt what is under way, keep what is finished; False where a step does not end.

    The page is still there to tell of it.
    """
    if studio.runs:
        studio.runs.close()
    ended = studio.engine.close(STEP_SECONDS)
    for part in (studio.keeper, studio.journal):
        if part:
            part.close()
    return ended


def proxies(server: Server, share: bool, environ: Mapping[str, str]) -> tuple[Network, ...]:
    """What stands between visitors and us: what is configured; on a Space or behind a share link what is near us."""
    return networks([*server.trusted_proxies, *(INSIDE if share or SPACE in environ else ())])


def visiting() -> tuple[Middleware, ...]:
    """What lets a job be counted on the quota of whoever asked for it."""
    from starlette.middleware import Middleware

    from zerogpu.visit import Visit

    return (Middleware(Visit),)


def keeping(engine: Engine, kept: Gallery) -> Keeper | None:
    """What saves the pictures of `engine`; None where nothing is to be saved."""
    if kept.folder is None:
        return None
    from gallery.gallery import Gallery as Pictures
    from gallery.keeper import Keeper

    keeper = Keeper(Pictures(Path(kept.folder)))
    engine.listen(keeper.hear)
    return keeper


def noting(engine: Engine, queue: Queue) -> Journal | None:
    """What notes the jobs under way, after `engine` was told of those that an earlier process left; None: nothing."""
    if queue.folder is None:
        return None
    from generation.journal import Journal

    journal = Journal(Path(queue.folder))
    for job in journal.interrupted():
        engine.restore(job)
    engine.listen(journal.hear)
    return journal


def comparing(engine: Engine, compared: Comparison) -> Runs | None:
    """The comparisons of `engine`; None where there are to be none."""
    if compared.folder is None:
        return None
    from comparison.runs import Runs

    return Runs(engine, Path(compared.folder), compared.clip)


def counting(engine: Engine) -> Metrics:
    """What the jobs of `engine` come to."""
    from api.metrics import Metrics

    return Metrics(engine)


def measuring(engine: Engine, measured: Measurement) -> Runner:
    """The benchmarks of `engine`. They hold the device for minutes, so they are the operator's alone."""
    from measurement.runner import Runner
    from measurement.shelf import Shelf

    return Runner(engine, Shelf(Path(measured.folder)) if measured.folder else None)
