"""All pictures: a row for each setting, a column for each model."""

from __future__ import annotations

from html import escape

from comparison.export.files import Read, picture_url
from comparison.export.labels import Labels, caption, lack, place, verdict
from comparison.export.texts import Texts
from comparison.plan import Setting, settings
from comparison.record import CellRecord, RunRecord


def grid(record: RunRecord, words: Labels, read: Read, texts: Texts) -> str:
    """The section with all of them."""
    cells = {(cell.row, cell.model): cell for cell in record.cells}
    rows, above = [], ""
    for number, setting in enumerate(settings(record.plan)):
        label = words.rows[number]
        prompt = f'<p class="prompt">{escape(label.prompt)}</p>' if label.prompt != above else ""
        above = label.prompt
        figures = "".join(_figure(record, cells[number, model], setting, read, texts) for model in record.plan.models)
        axes = f'<p class="dim">{escape(label.axes)}</p>' if label.axes else ""
        said = f'<div class="label">{prompt}{axes}</div>' if prompt or axes else ""
        rows.append(f'<div class="row">{said}<div class="film">{figures}</div></div>')
    return f'<section><h2>{escape(texts["contact_sheet"])}</h2><div class="sheet">{"".join(rows)}</div></section>'


def _figure(record: RunRecord, cell: CellRecord, setting: Setting, read: Read, texts: Texts) -> str:
    title = record.titles.get(cell.model, cell.model)
    figures = caption(cell, texts)
    url = picture_url(cell, read)
    if url is None or cell.picture is None:
        why = f"<p>{escape(cell.error)}</p>" if cell.error else ""
        shown = f'<div class="lack"><strong>{escape(lack(cell, texts))}</strong>{why}</div>'
    else:
        alt = texts["picture_alt"].format(title=title, place=place(setting, texts))
        size = f'width="{cell.picture.width}" height="{cell.picture.height}"'
        tiny = ' class="tiny"' if max(cell.picture.width, cell.picture.height) <= 256 else ""
        shown = f'<img{tiny} src="{url}" {size} alt="{escape(alt)}">'
    said = [text for text in (verdict(cell, texts),) if text]
    notes = "".join(f'<span class="note">{escape(note)}</span>' for note in (*said, *cell.notes))
    words = f"<b>{escape(title)}</b><span>{escape(figures)}</span>{notes}"
    return f'<figure data-cell="{cell.number}">{shown}<figcaption>{words}</figcaption></figure>'
