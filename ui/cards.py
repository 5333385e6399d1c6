"""The models to choose from, as cards."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from models.registry import Registry
from models.spec import ModelSpec
from models.storage import State
from models.told import words
from models.vocabulary import by_kind
from ui.figures import parameters, size
from ui.texts import Texts

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.ON_DEVICE: "state_on_device",
        State.WARM: "state_warm",
        State.ON_DISK: "state_on_disk",
        State.TO_DOWNLOAD: "state_to_download",
    }
)


def cards(models: Registry, states: Mapping[str, State], texts: Texts) -> str:
    """A group of radio buttons; the chosen card unfolds."""
    items = "".join(_card(spec, states.get(name), "radio", texts) for name, spec in models.items())
    return f'<fieldset class="cards"><legend>{escape(texts["model"])}</legend>{items}</fieldset>'


def several(models: Registry, states: Mapping[str, State], texts: Texts) -> str:
    """A group of checkboxes."""
    items = "".join(_card(spec, states.get(name), "checkbox", texts) for name, spec in models.items())
    return f'<fieldset class="cards several"><legend>{escape(texts["models"])}</legend>{items}</fieldset>'


def _card(spec: ModelSpec, state: State | None, kind: str, texts: Texts) -> str:
    known = [size(spec.download_bytes, texts)] if spec.download_bytes else []
    shown = escape(" · ".join([*known, *([texts[STATES[state]]] if state else [])]))
    return (
        f'<div class="card"><label><input type="{kind}" name="model" value="{escape(spec.name)}">'
        f'<b>{escape(spec.title)}</b><span class="state">{shown}</span>'
        f'<span class="good">{escape(spec.good_at)}</span></label><div class="more">{_more(spec, texts)}</div></div>'
    )


def _more(spec: ModelSpec, texts: Texts) -> str:
    licence = spec.licence
    count = texts["parameters"].format(number=parameters(spec.parameters, texts))
    lines = [
        f"{escape(texts['bad_at'])}: {escape(spec.bad_at)}",
        *([escape(texts["guidance_distilled_card"])] if spec.guidance == "distilled" else []),
        *([f"{escape(texts['sampler'])}: {escape(', '.join(spec.samplers))}"] if spec.samplers else []),
        escape(f"{count} · {texts['ships']}" if not spec.download_bytes else count),
        f"{escape(texts['licence'])}: "
        f'<a href="{escape(licence.url)}" target="_blank" rel="noreferrer noopener">{escape(licence.name)}</a>',
    ]
    if licence.restrictions:
        lines.append(f"{escape(texts['restrictions'])}: {escape(licence.restrictions)}")
    return "".join(f"<p>{line}</p>" for line in lines) + _words(spec, texts)


def _words(spec: ModelSpec, texts: Texts) -> str:
    """The words that the model knows, by kind; nothing where it knows any, or its files are not here to tell."""
    known = words(spec)
    if not known:
        return ""
    kinds = "".join(
        f"<div><dt>{escape(texts[f'words_{kind}'])}</dt><dd>{escape(', '.join(some))}</dd></div>"
        for kind, some in by_kind(known).items()
    )
    summary = escape(texts["words"].format(count=len(known)))
    return f'<details class="words"><summary>{summary}</summary><dl lang="en">{kinds}</dl></details>'
