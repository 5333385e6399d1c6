"""`python app.py serve`: where the page is served and who is let in."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from config import Comparison, Config, Gallery, Measurement, Server
from errors import ConfigError
from generation.settings import Queue
from studio import Studio
from terminal.stopping import Stopping
from terminal.text import plain
from visitors.address import INSIDE, Network, networks

if TYPE_CHECKING:
    from comparison.runs import Runs
    from gallery.keeper import Keeper
    from generation.engine import Engine
    from generation.journal import Journal
    from measurement.runner import Runner

log = logging.getLogger(__name__)

MAX_PORT = 65535
STEP_SECONDS = 5.0  # that a step under way is waited for
LOOPBACK = ("127.0.0.1", "::1", "localhost")
Accounts = Sequence[tuple[str, str]]  # user, password


def run(
    engine: Engine,
    deployment: Config,
    server: Server,
    *,
    share: bool,
    accounts: Accounts | None,
    preload: bool,
) -> None:
    """Serve until a signal to end. The page comes first: torch and diffusers are imported behind it."""
    stopping = Stopping()
    port = free_port(server)
    from api.routes import routes
    from ui.layout import build
    from ui.server import close, hang_up, launch_options

    if share and not accounts:
        log.warning("Whoever has the public link can make pictures here; --auth-file lets in only whom you name.")
    studio = built(engine, deployment, server, share)
    page = build(studio)
    page.launch(
        server_name=server.host,
        server_port=port,
        share=share,
        auth=list(accounts) if accounts else None,
        prevent_thread_lock=True,
        **launch_options(studio, routes(studio)),
    )
    start(studio)
    if preload:
        engine.preload(engine.default_model)
    shown = f"[{server.host}]" if ":" in server.host else server.host
    print(f"Darkroom is at http://{shown}:{port}", flush=True)
    if share:
        print(f"Public link: {page.share_url or 'there is none; Gradio could not open one'}", flush=True)
    stopping.wait(hang_up)
    ended = end(studio)
    close(page)
    if not ended:
        log.warning("The work under way does not stop. It ends with the process.")
        os._exit(0)  # a thread that is inside torch would hold up an ordinary exit


def built(engine: Engine, deployment: Config, server: Server, share: bool = False) -> Studio:
    """All that `deployment` asks for around `engine`, none of it at work yet."""
    public = others_come(server, share, os.environ)
    return Studio(
        engine,
        keeping(engine, deployment.gallery),
        comparing(engine, deployment.comparison),
        None if public else measuring(engine, deployment.measurement),
        noting(engine, deployment.queue),
        private=is_private(deployment.gallery, server, share, os.environ),
        public=public,
        mcp=not public if server.mcp is None else server.mcp,
        proxies=proxies(server, share, os.environ),
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


def is_private(kept: Gallery, server: Server, share: bool, environ: Mapping[str, str]) -> bool:
    """Whether everyone sees their own pictures alone: as configured, else where others than this machine can come."""
    if kept.private is not None:
        return kept.private
    return others_come(server, share, environ)


def others_come(server: Server, share: bool, environ: Mapping[str, str]) -> bool:
    """Whether others than this machine can come."""
    return share or "SPACE_ID" in environ or server.host not in LOOPBACK


def proxies(server: Server, share: bool, environ: Mapping[str, str]) -> tuple[Network, ...]:
    """What stands between visitors and us: what is configured; on a Space or behind a share link what is near us."""
    return networks([*server.trusted_proxies, *(INSIDE if share or "SPACE_ID" in environ else ())])


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


def accounts(path: Path) -> list[tuple[str, str]]:
    """The users and passwords in a file of lines `user:password`. Blank lines and lines starting with # are skipped.

    Raises ConfigError, without ever repeating what is in the file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--auth-file {path} cannot be read ({error}). Name a text file.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        user, colon, password = line.partition(":")
        if not (user and colon and password) or user in found:
            why = "names a user again" if user in found else "is not of the form user:password"
            raise ConfigError(f"{path}, line {number} {why}. Write one line user:password for each user.")
        found[user] = password
    if not found:
        raise ConfigError(f"{path} names nobody. Write a line user:password for each user.")
    _warn_of_readers(path)
    return list(found.items())


def _warn_of_readers(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s holds passwords in plain text, and others may read it: chmod 600 %s", path, path)
