"""`python app.py serve`: where the page is served and who is let in."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from access.configured import SPACE, entrance
from access.public import publicity
from config import Comparison, Config, Gallery, Measurement, Server
from errors import ConfigError
from generation.settings import Queue
from guard.rules import rules
from studio import Studio
from terminal.stopping import Stopping
from terminal.text import plain
from visitors.address import INSIDE, Network, networks

if TYPE_CHECKING:
    from access.entrance import Entrance
    from api.metrics import Metrics
    from comparison.runs import Runs
    from gallery.keeper import Keeper
    from generation.engine import Engine
    from generation.journal import Journal
    from measurement.runner import Runner

log = logging.getLogger(__name__)

MAX_PORT = 65535
STEP_SECONDS = 5.0  # that a step under way is waited for
UNGUARDED = (
    "--share opens Darkroom to everybody who has the link, and nobody has to log in. Make an account by "
    "`python app.py passwd USER --file users.txt`, then add --auth-file users.txt. Or open it on purpose: --open."
)


@dataclass(frozen=True)
class Asked:
    """What the command line says of a serve."""

    share: bool = False
    open: bool = False  # whoever has the public link may come in
    auth_file: Path | None = None
    preload: bool = False


def run(engine: Engine, deployment: Config, server: Server, asked: Asked) -> None:
    """Serve until a signal to end. The page comes first: torch and diffusers are imported behind it."""
    stopping = Stopping()
    port = free_port(server)
    known = entrance(deployment.access, asked.auth_file, os.environ)
    if asked.share and known is None and not asked.open:
        raise ConfigError(UNGUARDED)
    from api.routes import routes
    from ui.layout import build
    from ui.server import close, hang_up, launch_options

    studio = built(engine, deployment, server, known, asked.share)
    page = build(studio)
    page.launch(
        server_name=server.host,
        server_port=port,
        share=asked.share,
        prevent_thread_lock=True,
        **launch_options(studio, routes(studio)),
    )
    start(studio)
    if asked.preload:
        engine.preload(engine.default_model)
    shown = f"[{server.host}]" if ":" in server.host else server.host
    print(f"Darkroom is at http://{shown}:{port}", flush=True)
    if asked.share:
        print(f"Public link: {page.share_url or 'there is none; Gradio could not open one'}", flush=True)
    stopping.wait(hang_up)
    ended = end(studio)
    close(page)
    if not ended:
        log.warning("The work under way does not stop. It ends with the process.")
        os._exit(0)  # a thread that is inside torch would hold up an ordinary exit


def built(
    engine: Engine, deployment: Config, server: Server, known: Entrance | None = None, share: bool = False
) -> Studio:
    """All that `deployment` asks for around `engine`, none of it at work yet."""
    why, private = publicity(server.public, server.host, share, os.environ), deployment.gallery.private
    return Studio(
        engine,
        keeping(engine, deployment.gallery),
        comparing(engine, deployment.comparison),
        None if why else measuring(engine, deployment.measurement),
        noting(engine, deployment.queue),
        private=bool(why) if private is None else private,
        public=why is not None,
        mcp=why is None if server.mcp is None else server.mcp,
        proxies=proxies(server, share, os.environ),
        entrance=known,
        embedded=SPACE in os.environ,
        rules=rules(server, share=share, others=why is not None, environ=os.environ),
        metrics=counting(engine) if (why is None if server.metrics is None else server.metrics) else None,
        documented=server.docs,
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


def free_port(server: Server) -> int:
    """The port to serve at: `server`'s own, or any free one for 0. Raises ConfigError if it can't be opened."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((server.host, server.port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise ConfigError(
            f"{server.host}:{server.port} cannot be opened ({error.strerror or error}). Stop what listens there "
            "(perhaps Darkroom itself), or name another with --host and --port; port 0 is any free one."
        ) from error


def address(server: Server, host: str | None, port: int | None, environ: Mapping[str, str]) -> Server:
    """The command line's host and port, else those that Gradio's own variables name, as a Space does, else ours."""
    named = environ.get("GRADIO_SERVER_PORT")
    if port is None and named:
        if not named.isdecimal() or int(named) > MAX_PORT:
            raise ConfigError(f"GRADIO_SERVER_PORT is '{plain(named)}'. Accepted are 0 to {MAX_PORT}.")
        port = int(named)
    named_host = host or environ.get("GRADIO_SERVER_NAME") or server.host
    return server.model_copy(update={"host": named_host, "port": server.port if port is None else port})
