"""The list of what a request can be copied as. Escapes what users write.

Each text stands in the page as it is copied, but for the page's address: that is known to the browser alone.
"""

from __future__ import annotations

import secrets
from html import escape

from generation.request import GenerationRequest
from ui.sharing import links, snippets
from ui.texts import Texts


def menu(request: GenerationRequest, infotext: str, keyed: bool, texts: Texts) -> str:
    """The list behind a button."""
    return (
        f'<details class="copies"><summary>{escape(texts["copy_as"])}</summary>'
        f"{listed(request, infotext, keyed, texts)}</details>"
    )


def button(texts: Texts) -> str:
    """What asks for the list of what the controls hold."""
    return f'<button type="button" data-act="copies" aria-controls="copies">{escape(texts["copy_settings"])}</button>'


def listed(request: GenerationRequest, infotext: str, keyed: bool, texts: Texts) -> str:
    """A button for each form, with the text that it copies."""
    moment = secrets.token_hex(16)
    address = f"http://{moment}/"  # stands for the page's where no text can mean it
    forms = {
        "as_link": links.link(request, address),
        "as_curl": snippets.curl(request, address, keyed),
        "as_openai": snippets.openai(request, address, keyed),
        "as_gradio": snippets.gradio(request, address, keyed),
        "as_a1111": infotext,
    }
    items = "".join(_item(name, text, address, texts) for name, text in forms.items())
    return f'<ul class="copyable" data-moment="{moment}">{items}</ul>'  # else gradio would not show the same again


def _item(name: str, text: str, address: str, texts: Texts) -> str:
    shown = escape(text).replace(address, '<i class="address"></i>')
    return (
        f'<li data-copied><button type="button" data-copy="{name}" data-done="{escape(texts["copied"])}" '
        f'data-failed="{escape(texts["copy_failed"])}">{escape(texts[name])}</button><pre hidden>{shown}</pre></li>'
    )
