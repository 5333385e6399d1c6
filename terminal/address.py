"""Where the page is served."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from config import Server
from errors import ConfigError
from terminal.text import plain

MAX_PORT = 65535


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
