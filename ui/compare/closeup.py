"""Pictures of a comparison looked at closely: two beside each other, what differs, a row step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from comparison.difference import Difference
from comparison.plan import settings
from comparison.record import CellRecord, Picture, RunRecord
from comparison.summary import picture_seconds
from ui.compare.grid import address, varied
from ui.figures import seconds
from ui.frames import thinned
from ui.texts import Texts

MODES = ("slider", "side", "difference")
Found = Difference | str  # or why there is none


def pair(run: RunRecord, cells: tuple[CellRecord, CellRecord], found: Found, moment: int, texts: Texts) -> str:
    """Two pictures; `moment` tells two openings apart. The slider itself is a component below this."""
    panes = "".join(_pane(run, cell, letter, texts) for letter, cell in zip("AB", cells, strict=True))
    if isinstance(found, Difference):
        heat = _heat(run, cells, found, texts)
    else:
        heat = f'<figure class="heat"><p class="refused">{escape(found)}</p></figure>'
    return _dialog(
        f'<div class="tools">{_modes(texts)}{_split(texts)}{_zoom(texts)}</div><div class="panes">{panes}{heat}</div>',
        moment,
        texts["closeup"],
        texts,
        'data-mode="slider"',
    )


def strips(run: RunRecord, row: int, moment: int, texts: Texts) -> str:
    """A row's models at the same part of their way, under one slider."""
    setting = settings(run.plan)[row]
    cells = [cell for cell in run.cells if cell.row == row and cell.picture]
    shown = [(cell, cell.picture) for cell in cells if cell.picture and cell.picture.frames]
    panes = "".join(
        f'<figure style="--w:{picture.width};--h:{picture.height}"><div class="pane still"><img '
        f'src="{address(run, picture.file)}" data-strip="{cell.number}" alt=""></div><figcaption><b>'
        f'{escape(run.titles.get(cell.model, cell.model))}</b> <span data-at="{cell.number}"></span></figcaption>'
        "</figure>"
        for cell, picture in shown
    )
    films = "".join(_film(run, cell, picture, texts) for cell, picture in shown)
    label = f"{setting.prompt} · {varied(run, setting, texts)}"
    return _dialog(
        f'<p class="said">{escape(label)}</p><div class="panes">{panes}</div><div class="films">{films}'
        f'<input type="range" class="scrub-all" min="0" max="1000" value="1000" step="5" '
        f'aria-label="{escape(texts["closeup_progress"])}" title="{escape(texts["strip_hint"])}"></div>',
        moment,
        texts["compare_strips"],
        texts,
        'data-mode="strips"',
    )


def _dialog(inner: str, moment: int, label: str, texts: Texts, more: str = "") -> str:
    return (
        f'<div class="dialog" role="dialog" aria-modal="true" aria-label="{escape(label)}" data-opened="{moment}" '
        f'{more}><button type="button" class="close" aria-label="{escape(texts["close"])}">×</button>{inner}</div>'
    )


def _modes(texts: Texts) -> str:
    radios = "".join(
        f'<label><input type="radio" name="closeup" value="{mode}"{" checked" if mode == MODES[0] else ""}>'
        f"<span>{escape(texts[f'closeup_{mode}'])}</span></label>"
        for mode in MODES
    )
    return f'<fieldset class="modes"><legend>{escape(texts["closeup"])}</legend>{radios}</fieldset>'


def _split(texts: Texts) -> str:
    """Moves the component's own handle, which takes no keys."""
    label = escape(texts["closeup_split"])
    return f'<input type="range" class="split" min="0" max="100" value="50" aria-label="{label}" title="{label}">'


def _zoom(texts: Texts) -> str:
    """Buttons for what wheel, fingers and keys do as well."""
    named = (("out", "−", "zoom_out"), ("fit", "100 %", "zoom_fit"), ("in", "+", "zoom_in"))
    buttons = "".join(
        f'<button type="button" data-zoom="{way}" aria-label="{escape(texts[key])}" '
        f'title="{escape(texts[key])}">{sign}</button>'
        for way, sign, key in named
    )
    return f'<span class="zoom" title="{escape(texts["zoom_hint"])}">{buttons}</span>'


def _pane(run: RunRecord, cell: CellRecord, letter: str, texts: Texts) -> str:
    picture, title = cell.picture, run.titles.get(cell.model, cell.model)
    assert picture is not None
    took = seconds(picture_seconds(cell.measured), texts) if cell.measured else ""
    setting = settings(run.plan)[cell.row]
    alt = escape(f"{title}: {setting.prompt}")
    told = " · ".join(part for part in (varied(run, setting, texts), took) if part)
    return (
        f'<figure style="--w:{picture.width};--h:{picture.height}"><div class="pane" tabindex="0" '
        f'aria-label="{alt}"><img src="{address(run, picture.file)}" alt="{alt}" draggable="false"></div>'
        f'<figcaption><i class="letter">{letter}</i><b>{escape(title)}</b> <span>{escape(told)}</span>'
        f"<small>{escape(setting.prompt)}</small></figcaption></figure>"
    )


def _heat(run: RunRecord, cells: Sequence[CellRecord], found: Difference, texts: Texts) -> str:
    """The heat map, its scale, and how much it comes to."""
    picture: Picture | None = cells[0].picture
    assert picture is not None
    stems = "/".join(cell.picture.file.rpartition(".")[0] for cell in cells if cell.picture)
    psnr = texts["closeup_equal"] if math.isinf(found.psnr) else f"{found.psnr:.1f} dB"
    figures = (
        (texts["closeup_mean"], f"{found.mean:.2f} / 255"),
        (texts["closeup_changed"], f"{100 * found.changed:.1f} %"),
        ("PSNR", psnr),
    )
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value.replace('.', texts['decimal']))}</dd></div>"
        for name, value in figures
    )
    alt = escape(texts["closeup_heat"])
    return (
        f'<figure class="heat" style="--w:{picture.width};--h:{picture.height}"><div class="pane" tabindex="0" '
        f'aria-label="{alt}"><img src="compare/{run.id}/difference/{stems}.png" alt="{alt}" draggable="false"></div>'
        f'<figcaption><span class="scale"><i>0</i><i class="colours"></i><i>{found.largest:.0f}</i></span>'
        f"<dl>{rows}</dl></figcaption></figure>"
    )


def _film(run: RunRecord, cell: CellRecord, picture: Picture, texts: Texts) -> str:
    """One model's frames, each as wide as the part of the way that it stands for; the last is the picture itself."""
    steps = cell.request.steps if cell.request else max(picture.frame_steps)
    kept = [(file, step) for file, step in thinned(list(zip(picture.frames, picture.frame_steps, strict=True)))]
    images, before = [], 0
    for file, step in kept:
        images.append(
            f'<img src="{address(run, file)}" alt="" style="flex-grow:{max(1, step - before)}" '
            f'data-part="{step / steps:.4f}" data-said="{escape(texts["step_of"].format(done=step, total=steps))}">'
        )
        before = step
    title = escape(run.titles.get(cell.model, cell.model))
    return (
        f'<div class="film" data-number="{cell.number}" data-final="{address(run, picture.file)}"><b>{title}</b>'
        f'<div class="frames">{"".join(images)}</div></div>'
    )
