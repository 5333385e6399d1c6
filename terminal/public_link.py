"""The public link: whether there can be one, and gradio's launch with it, which prints what we say in our own words."""

from __future__ import annotations

import io
import socket
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import nullcontext, redirect_stdout
from typing import Any
from urllib.error import HTTPError

TUNNELS = "https://api.gradio.app/v3/tunnel-request"  # where gradio asks for a server that serves the link
OWN_SERVER = "GRADIO_SHARE_SERVER_ADDRESS"  # host:port of one's own, which gradio takes in place of that
PATIENCE = 5.0  # seconds; gradio itself waits for half a minute, three times


def unreachable(environ: Mapping[str, str]) -> str | None:
    """Why there can't be a public link; None: what serves it answers. Takes five seconds at most."""
    own, answers = environ.get(OWN_SERVER), list[bool]()

    def ask() -> None:
        answers.append(_listens(own) if own else _answers(TUNNELS))

    asking = threading.Thread(target=ask, daemon=True)  # a name that is not resolved may take longer than any timeout
    asking.start()
    asking.join(PATIENCE)
    return None if any(answers) else f"{own or 'api.gradio.app'} does not answer"


def launched(page: Any, share: bool, **options: Any) -> str | None:
    """Launch `page`; the address of its public link, or None where there is none."""
    with redirect_stdout(io.StringIO()) if share else nullcontext():
        page.launch(share=share, prevent_thread_lock=True, **options)
    return page.share_url or None


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()
    except HTTPError:
        return True  # it is there; what it says is for gradio
    except (OSError, ValueError):
        return False
    return True
