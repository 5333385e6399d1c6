"""Components of the page that gradio does not have, as plain functions of those that it has.

No subclasses: gradio writes a stub file beside every module that derives from one of its components.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

WATCHERS = 100  # jobs that are watched at a time, and as many that are submitted

Parts = dict[str, Any]  # components by what they are for: fields of a request, of Screen and of Bench, and a few more

LIGHT: Any = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
SLOW: Any = {"show_progress": "hidden", "concurrency_limit": WATCHERS}
HEARD: Any = SLOW | {"api_visibility": "private"}  # what may be refused: only of a queued event gradio shows a toast

# A click on anything with data-act tells the server that element's data. There are two kinds of acts on some views.
# A menu with data-chosen tells what was chosen from it.
_ACTS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) trigger(button.dataset.kind || 'select', {...button.dataset});
});
element.addEventListener('change', (event) => {
  const menu = event.target.closest('[data-chosen]');
  if (menu) trigger('select', {act: menu.dataset.chosen, value: menu.value});
});
"""

# Native radio buttons: arrows, tab and screen readers work as everywhere.
_CHOICE = """
const show = () => {
  for (const input of element.querySelectorAll('input')) input.checked = input.value === props.value;
};
element.addEventListener('change', (event) => { props.value = event.target.value; trigger('input'); });
watch(['value', 'cards'], show);
show();
"""


# The same with checkboxes; the value is the chosen names, one a line.
_CHOICES = """
const show = () => {
  const chosen = props.value.split('\\n');
  for (const input of element.querySelectorAll('input')) input.checked = chosen.includes(input.value);
};
element.addEventListener('change', () => {
  props.value = [...element.querySelectorAll(':checked')].map((input) => input.value).join('\\n');
  trigger('input');
});
watch(['value', 'cards'], show);
show();
"""


def view(value: str = "", **options: Any) -> gr.HTML:
    """HTML that the server writes, with buttons that act."""
    return gr.HTML(value, js_on_load=_ACTS, apply_default_css=False, **options)


def choice(value: str, cards: str, **options: Any) -> gr.HTML:
    """A radio group of cards; its value is the chosen one's name."""
    return gr.HTML(value, html_template="${cards}", js_on_load=_CHOICE, apply_default_css=False, cards=cards, **options)


def choices(value: str, cards: str, **options: Any) -> gr.HTML:
    """A group of cards with checkboxes; its value is the chosen ones' names, one a line."""
    return gr.HTML(
        value, html_template="${cards}", js_on_load=_CHOICES, apply_default_css=False, cards=cards, **options
    )


def ends(low: float, high: float, step: float) -> dict[str, Any]:
    """Of a slider. Gradio wants one to have a length; where there is nothing to choose it can't be moved."""
    return {"minimum": low, "maximum": max(high, low + step), "interactive": high > low}


def asked(field: str, kind: str) -> gr.JSON:
    """A field of a request exactly as it was sent, whoever sent it: gradio's inputs would round, clip or refuse it."""
    component = gr.JSON(label=field, visible=False)
    component.api_info = lambda: {"type": kind}  # type: ignore[method-assign] # what programs should send
    return component
