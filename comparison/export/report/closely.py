"""What takes a script: two pictures under one slider, and film strips side by side. Strips are seen without it, too."""

from __future__ import annotations

from html import escape

from comparison.export.files import Read, frame_urls
from comparison.export.labels import place
from comparison.export.texts import Texts
from comparison.plan import Setting, settings
from comparison.record import CellRecord, RunRecord


def pair(record: RunRecord, texts: Texts) -> str:
    """Any two pictures, one before the other; the script fills it and shows it. Empty where there are no two."""
    done = [cell for cell in record.cells if cell.picture]
    if len(done) < 2:
        return ""
    rows = settings(record.plan)
    options = "".join(
        f'<optgroup label="{escape(_short(place(setting, texts)))}">{_options(record, row)}</optgroup>'
        for row, setting in enumerate(rows)
        if any(cell.row == row for cell in done)
    )
    selects = "".join(_select(side, options, texts) for side in ("left", "right"))
    zooms = "".join(f'<option value="{zoom}">{zoom}×</option>' for zoom in (1, 2, 4, 8))
    title, divide = escape(texts["closely"]), escape(texts["divide"])
    return (
        f'<section id="pair" hidden><h2>{title}</h2><p class="dim">{escape(texts["closely_note"])}</p>'
        f'<p class="controls">{selects}{_select("zoom", zooms, texts)}</p>'
        f'<div id="stage" tabindex="0" role="group" aria-label="{title}">'
        '<div id="layers"><img id="under" alt=""><img id="over" alt=""><i></i></div></div>'
        '<p class="ends"><span id="left_name"></span><span id="right_name"></span></p>'
        f'<input id="divide" type="range" min="0" max="100" step="0.5" value="50" aria-label="{divide}"></section>'
    )


def strips(record: RunRecord, read: Read, texts: Texts) -> str:
    """The film strips of every row; the script puts those of a row on one slider."""
    rows = [_row(record, row, setting, read, texts) for row, setting in enumerate(settings(record.plan))]
    if not any(rows):
        return ""
    return f"<section><h2>{escape(texts['strips'])}</h2>{''.join(rows)}</section>"


def _row(record: RunRecord, row: int, setting: Setting, read: Read, texts: Texts) -> str:
    films = "".join(_film(record, cell, read, texts) for cell in record.cells if cell.row == row)
    if not films:
        return ""
    said = escape(_short(place(setting, texts)))
    slider = (
        f'<input type="range" min="0" step="any" value="1" max="1" aria-label="{escape(texts["progress"])}" hidden>'
    )
    return f'<details class="strips"><summary>{said}</summary>{slider}<div class="films">{films}</div></details>'


def _film(record: RunRecord, cell: CellRecord, read: Read, texts: Texts) -> str:
    urls = frame_urls(cell, read)
    if not urls or cell.picture is None or cell.request is None:
        return ""
    said = [
        texts["step_of"].format(done=step, total=cell.request.steps)
        for step in cell.picture.frame_steps or range(1, len(urls) + 1)
    ]
    frames = "".join(f'<img src="{url}" alt="{escape(step)}">' for url, step in zip(urls, said, strict=False))
    title, steps = escape(record.titles.get(cell.model, cell.model)), cell.request.steps
    end = escape(texts["step_of"].format(done=steps, total=steps))
    return (
        f'<figure data-of="{cell.number}" data-end="{end}">'
        f'<div class="frames" tabindex="0" role="group" aria-label="{title}">{frames}</div>'
        f"<figcaption><b>{title}</b> <span>{escape(said[-1])}</span></figcaption></figure>"
    )


def _select(id: str, options: str, texts: Texts) -> str:
    return f'<span><label for="{id}">{escape(texts[id])}</label> <select id="{id}">{options}</select></span>'


def _options(record: RunRecord, row: int) -> str:
    return "".join(
        f'<option value="{cell.number}">{escape(record.titles.get(cell.model, cell.model))}</option>'
        for cell in record.cells
        if cell.row == row and cell.picture
    )


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:89] + "…"
