"""Requests as handlers get them, from somebody who is known by a key."""

from functools import cache

import gradio as gr
from starlette.requests import Request

from generation.caller import Caller
from visitors.owner import BROWSER, owner


@cache
def somebody(key: str) -> Caller:
    return Caller(owner(BROWSER, key))


def asking(key: str = "", caller: Caller | None = None) -> gr.Request:
    """A request of the browser that keeps `key`; without one of somebody on their own machine."""
    state = {"caller": caller or (somebody(key) if key else Caller())}
    return gr.Request(Request({"type": "http", "headers": [], "state": state}))
