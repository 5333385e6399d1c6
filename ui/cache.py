"""Files that gradio serves: kept in its cache, below a folder for each owner, which says to whom they may be served."""

from __future__ import annotations

import os
from pathlib import Path

from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from generation.caller import Caller
from visitors.asking import caller_of, open_to
from visitors.owner import PASSING

_OF = "of-"


def cached(content: bytes, name: str, owner: str) -> str:
    """Where `content` is kept as `name`, byte for byte."""
    folder = Path(get_upload_folder()) / f"{_OF}{owner or PASSING}"
    return str(save_bytes_to_cache(content, name, str(folder)))


def served_to(caller: Caller, path: str) -> bool:
    """Whether the file at `path` may be served to `caller` where everyone sees their own alone."""
    first = os.path.relpath(os.path.realpath(path), os.path.realpath(get_upload_folder())).split(os.sep)[0]
    return first.startswith(_OF) and open_to(caller, first.removeprefix(_OF), private=True)


class OwnFiles:
    """Lets nobody have a file of somebody else's: to them none is there, whether there is one or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, asked, rest = scope.get("path", "").partition("/gradio_api/file")
        if asked and not served_to(caller_of(HTTPConnection(scope)), rest[1:]):
            await PlainTextResponse("There is no such file.", 404)(scope, receive, send)
            return
        await self.app(scope, receive, send)
