"""Which of the paths that gradio serves by itself are open. It serves more than this page and its clients need.

Closed are among others: the icon in any size (frozen while it is scaled), files of other sites (an open proxy), calls
that go past the queue, uploads, streams, recordings, monitoring, and everything that is meant for developers.
"""

from __future__ import annotations

import re

PREFIX = "/gradio_api"
_OPEN = re.compile(
    PREFIX
    + r"""/(
      info | app_id | user | login_check | theme\.css | heartbeat/[^/]+
    | queue/(join|data)
    | call/[^/]+(/[^/]+)? | call/v2/[^/]+(/[^/]+)?  # for programs
    | run/predict  # for events that have no queue; gradio refuses all others
    | cancel | reset
    | file=(?!https?:).+
    )/?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CLOSED = re.compile(r"/(pwa_icon|monitoring|svelte|custom_component|redoc)(/.*)?", re.IGNORECASE | re.DOTALL)


def closed(path: str) -> bool:
    """Whether gradio would serve something at `path` that nobody needs."""
    if path.lower().startswith(PREFIX):
        return _OPEN.fullmatch(path) is None
    return _CLOSED.fullmatch(path) is not None
