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
_LONGEST = 255  # bytes of a part of a path: file systems know no longer names, and raise where they are asked for one


def closed(path: str) -> bool:
    """Whether gradio would serve something at `path` that nobody needs, or would break at it."""
    if not path.isprintable() or any(len(part.encode(errors="replace")) > _LONGEST for part in path.split("/")):
        return True
    if path.lower().startswith(PREFIX):
        return _OPEN.fullmatch(path) is None
    return _CLOSED.fullmatch(path) is not None
