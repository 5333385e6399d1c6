"""A comparison on the page: a row for each setting, a column for each model. Escapes what users write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from comparison.plan import Setting, settings
from comparison.record import CellRecord, Measured, Picture, RunRecord, State
from comparison.summary import picture_seconds
from models.device import counts_memory
from ui.figures import parameters, seconds, size
from ui.texts import Texts

# Of the axes that a run varies, what tells one row of a prompt from another; the seed is always told.
AXES = (("seed", "seeds"), ("steps", "steps"), ("guidance_scale", "guidance_scales"), ("sampler", "samplers"))
STATES = {
    State.WAITING: "compare_waiting",
    State.RUNNING: "compare_running",
    State.FAILED: "failed",
    State.STOPPED: "cancelled",
}


def address(run: RunRecord, file: str) -> str:
    """Where a file of a run is served, relative to the page: right behind any proxy."""
    return f"compare/{run.id}/{file}"


def act(name: str, label: str, kind: str = "", **data: object) -> str:
    """A button that the server hears."""
    told = {"act": name} | data
    attributes = "".join(f' data-{key}="{escape(str(value))}"' for key, value in told.items())
    return f'<button type="button" class="{kind}"{attributes}>{escape(label)}</button>'


def empty(texts: Texts) -> str:
    """Before the first comparison."""
    return (
        f'<div class="nothing"><p>{escape(texts["compare_empty"])}</p>'
        f"<small>{escape(texts['compare_empty_hint'])}</small></div>"
    )


def grid(run: RunRecord, heads: Mapping[str, str], texts: Texts) -> str:
    """The whole run at a moment; `heads` is what stands above each model's column, as HTML."""
    rows = list(enumerate(settings(run.plan)))
    cells = {(cell.row, cell.model): cell for cell in run.cells}
    columns = "".join(_head(run, model, heads.get(model, ""), texts) for model in run.plan.models)
    prompts = "".join(
        _prompt(run, prompt, list(group), cells, texts) for prompt, group in groupby(rows, lambda row: row[1].prompt)
    )
    return (
        f'<div class="grid" style="--columns:{len(run.plan.models)};--widest:{_widest(run)}" data-run="{run.id}" '
        f'data-choose="{escape(texts["compare_choose"])}"><div class="heads">{columns}</div>{prompts}'
        f"{act('look', '', 'look', a='', b='')}</div>"
    )


def live(run: RunRecord, number: int | None, source: str, phase: str) -> str:
    """The cell that develops now: its newest frame and what is done to it. compare.js puts both into the grid."""
    if number is None:
        return ""
    return f'<p data-run="{run.id}" data-cell="{number}" data-source="{escape(source)}">{escape(phase)}</p>'


def _widest(run: RunRecord) -> int:
    """Pixels of the widest picture, so that small ones are not blown up without end."""
    return max((cell.request.width for cell in run.cells if cell.request), default=512)


def _head(run: RunRecord, model: str, figures: str, texts: Texts) -> str:
    title = run.titles.get(model, model)
    going = any(cell.model == model and cell.state in (State.WAITING, State.RUNNING) for cell in run.cells)
    label = texts["compare_stop_model"].format(model=title)
    stop = (
        f'<button type="button" class="stop" data-act="stop-model" data-model="{escape(model)}" '
        f'aria-label="{escape(label)}" title="{escape(label)}">{escape(texts["stop"])}</button>'
    )
    return f'<div class="head"><h3>{escape(title)}</h3>{figures}{stop if going else ""}</div>'


def _prompt(
    run: RunRecord,
    prompt: str,
    rows: Sequence[tuple[int, Setting]],
    cells: Mapping[tuple[int, str], CellRecord],
    texts: Texts,
) -> str:
    """All rows of one prompt, which is written once."""
    lines = []
    for number, setting in rows:
        inner = "".join(_cell(run, cells[number, model], prompt, texts) for model in run.plan.models)
        lines.append(
            f'<div class="line"><div class="setting"><span>{escape(varied(run, setting, texts))}</span>'
            f'{_steps(run, number, texts)}</div><div class="cells">{inner}</div></div>'
        )
    return (
        f'<section class="row"><h3 class="said">{escape(prompt or texts["no_prompt"])}</h3>{"".join(lines)}</section>'
    )


def varied(run: RunRecord, setting: Setting, texts: Texts) -> str:
    """What tells this row from others of its prompt: "Seed 7 · Steps 20"."""
    told = [
        f"{texts[name]} {value}"
        for name, axis in AXES
        if (value := getattr(setting, name)) is not None and (name == "seed" or len(getattr(run.plan, axis)) > 1)
    ]
    return " · ".join(told)


def _steps(run: RunRecord, row: int, texts: Texts) -> str:
    """The way to the film strips of a row, once two models have one."""
    strips = [cell for cell in run.cells if cell.row == row and cell.picture and cell.picture.frames]
    return act("strips", texts["compare_strips"], row=row) if strips else ""


def _cell(run: RunRecord, cell: CellRecord, prompt: str, texts: Texts) -> str:
    title = escape(run.titles.get(cell.model, cell.model))
    inner, below = _inside(run, cell, prompt, texts)
    return (
        f'<figure class="cell" data-cell="{cell.number}" data-state="{cell.state.value}">{inner}'
        f'<figcaption><b class="model">{title}</b>{below}</figcaption></figure>'
    )


def _inside(run: RunRecord, cell: CellRecord, prompt: str, texts: Texts) -> tuple[str, str]:
    """What fills the cell, and what stands below."""
    if cell.state is State.DONE and cell.picture and cell.measured:
        return _photo(run, cell, cell.picture, prompt, texts), _caption(run, cell, cell.measured, texts)
    style = f"--w:{cell.request.width};--h:{cell.request.height}" if cell.request else "--w:1;--h:1"
    said = texts[STATES.get(cell.state, "failed")]
    error = f'<small role="alert">{escape(cell.error)}</small>' if cell.error else ""
    frame = '<img class="frame" alt="">' if cell.state is State.RUNNING else ""
    inner = f'<div class="wet" style="{style}">{frame}<p><span class="phase">{escape(said)}</span>{error}</p></div>'
    stops = cell.state in (State.RUNNING, State.WAITING)
    return inner, act("stop-cell", texts["stop"], "stop", cell=cell.number) if stops else ""


def _photo(run: RunRecord, cell: CellRecord, picture: Picture, prompt: str, texts: Texts) -> str:
    """A finished picture; two of them chosen one after another are looked at closely."""
    label = escape(texts["compare_pick"].format(model=run.titles.get(cell.model, cell.model), prompt=prompt))
    label = escape(" ".join(cell.notes)) if picture.withheld else label
    return (
        f'<button type="button" class="photo" data-pick="{cell.number}" aria-pressed="false" aria-label="{label}" '
        f'title="{label}" style="--w:{picture.width};--h:{picture.height}"><img src="{address(run, picture.file)}" '
        f'width="{picture.width}" height="{picture.height}" loading="lazy" decoding="async" alt=""></button>'
    )


def _caption(run: RunRecord, cell: CellRecord, measured: Measured, texts: Texts) -> str:
    """Time and pace, and behind a button everything that was measured."""
    id, name = f"details-{cell.number}", escape(texts["details"])
    brief = (
        seconds(picture_seconds(measured), texts),
        texts["per_step"].format(time=seconds(measured.seconds_per_step, texts)),
    )
    rows = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts(cell, texts))
    notes = "".join(f"<li>{escape(note)}</li>" for note in cell.notes)
    listed = f'<ul class="notes">{notes}</ul>' if notes else ""
    title = escape(run.titles.get(cell.model, cell.model))
    return (
        f'<span class="brief">{escape(" · ".join(brief))}</span>{_verdict(cell, texts)}'
        f'<button type="button" class="info" popovertarget="{id}" aria-label="{name}" title="{name}">i</button>'
        f'<div id="{id}" class="details" popover><h4>{title}</h4><dl>{rows}</dl>{listed}</div>'
    )


def _verdict(cell: CellRecord, texts: Texts) -> str:
    """Of a replay: whether this picture came out as its recipe tells."""
    found = cell.verdict
    if found is None:
        return ""
    told = texts[f"verdict_{found.same}"]
    if found.same == "nothing" and found.mean is not None:
        told = f"{told}: {found.mean:.2f} / 255".replace(".", texts["decimal"])
    return f'<span class="verdict {found.same}">{escape(told)}</span>'


def facts(cell: CellRecord, texts: Texts) -> list[tuple[str, str]]:
    """Everything that is known of a finished picture, named."""
    request, measured = cell.request, cell.measured
    if request is None or measured is None:
        return []
    told = [(texts[name], str(getattr(request, name))) for name in ("seed", "steps", "sampler")]
    if request.guidance_scale is not None:
        told.append((texts["guidance_scale"], f"{request.guidance_scale:g}"))
    told.append((texts["size"], f"{request.width} × {request.height}"))
    phases = ("download", "load", "text", "denoise", "decode", "total")
    told += [(texts[f"time_{phase}"], seconds(getattr(measured, phase), texts)) for phase in phases]
    told += [
        (texts["compare_per_step"], seconds(measured.seconds_per_step, texts)),
        (texts["compare_passes"], str(measured.passes)),
        (
            texts["memory" if counts_memory(measured.device) else "compare_memory_process"],
            size(measured.peak_memory_bytes, texts),
        ),
        (texts["compare_parameters"], parameters(measured.parameters, texts)),
        (texts["device"], measured.device),
    ]
    scores = [(texts.get(f"score_{name}", name), f"{value:.3f}") for name, value in cell.quality.items()]
    return told + [(name, value.replace(".", texts["decimal"])) for name, value in scores]
