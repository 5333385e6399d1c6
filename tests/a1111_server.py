"""What the tests of the A1111 door share: how to ask, and how to look into the answers."""

import threading
from typing import Any

import httpx2 as httpx
import webuiapi

from generation import infotext
from tests.serving import Served
from tests.waiting import PATIENCE

SMALL = {"width": 64, "height": 64, "steps": 2}


def post(server: Served, path: str, **fields: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/sdapi/v1/{path}", json=fields, timeout=PATIENCE)


def said(picture: Any) -> dict[str, Any]:
    """The recipe inside a picture."""
    return infotext.read(picture.info["parameters"])


class Asking(threading.Thread):
    """A client that waits for its pictures."""

    def __init__(self, api: webuiapi.WebUIApi, **fields: Any) -> None:
        super().__init__()
        self.api, self.fields = api, fields
        self.result: Any = None  # what came; or the error
        self.start()

    def run(self) -> None:
        try:
            self.result = self.api.txt2img(**{"prompt": "a", **self.fields})
        except RuntimeError as error:
            self.result = error
