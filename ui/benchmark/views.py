"""Benchmarks as the page shows them: the line of progress, the table, what must be known of it, earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from measurement import words
from measurement.earlier import Change, changes
from measurement.events import Progress
from measurement.figures import Figure, Unit, figures, names
from measurement.published import about
from measurement.record import ModelResult, Record
from models.progress import Downloading, Loading
from ui.benchmark import plots
from ui.figures import seconds, size
from ui.status import Status
from ui.texts import Texts


def empty(texts: Texts) -> str:
    return (
        f'<div class="nothing"><p>{escape(texts["benchmark_empty"])}</p>'
        f"<small>{escape(texts['benchmark_empty_hint'])}</small></div>"
    )


def progress(event: Any, texts: Texts) -> Status:
    """The line for what was told last; None: nothing was yet."""
    if isinstance(event, Downloading):
        told = [f"{size(event.done_bytes, texts)} / {size(event.total_bytes, texts)}"] if event.total_bytes else []
        part = event.done_bytes / max(1, event.total_bytes)
        return Status(texts["downloading"].format(model=event.model), told, part)
    if isinstance(event, Loading):
        return Status(texts["loading"].format(model=event.model), [event.component])
    if not isinstance(event, Progress):
        return Status(texts["benchmark_waiting"])
    told = [event.model]
    if event.models > 1:
        told = [texts["benchmark_model"].format(model=event.model, number=event.number, count=event.models)]
    if event.round:
        told.append(texts["benchmark_round"].format(round=event.round, rounds=event.rounds))
    if event.seconds_left is not None:
        told.append(texts["left"].format(time=seconds(event.seconds_left, texts)))
    if others := [name for name in event.unknown if name != event.model]:
        told.append(texts["benchmark_then"].format(models=", ".join(others)))
    return Status(texts[f"phase_{event.phase}"].format(detail=event.detail), told, event.share)


def shown(record: Record, kept: Sequence[Record], running: bool, texts: Texts) -> str:
    """All of one benchmark."""
    if not any(figures(result) for result in record.models):
        return _machine(record, texts)
    parts = [_machine(record, texts), "" if running else _exports(record, texts), _table(record, texts)]
    parts += [_remarks(record, running, texts), plots.all_of(record, kept, texts)]
    if not running:
        parts += [_before(changes(record, kept), texts), _others(record, texts)]
    return "".join(parts)


def earlier(kept: Sequence[Record], current: str, texts: Texts) -> str:
    """The kept ones as buttons, newest first."""
    if not kept:
        return ""
    items = "".join(
        f'<li{" class=current" if record.id == current else ""}><button type="button" class="open" data-act="open" '
        f'data-id="{escape(record.id)}"><b>{escape(", ".join(words.title(it) for it in record.models))}</b>'
        f"<small>{escape(when(record.started))} · {escape(_device(record))}</small></button></li>"
        for record in kept[:50]
    )
    return f"<h2>{escape(texts['benchmark_earlier'])}</h2><ol>{items}</ol>"


def when(started: str) -> str:
    return f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M} UTC"


def value(amount: float, unit: Unit, texts: Texts) -> str:
    """One number with its unit, in the visitor's language."""
    if unit == "seconds":
        return seconds(amount, texts) if amount < 100 or amount > 600 else f"{round(amount)} s"
    if unit == "bytes":
        return size(round(amount), texts)
    text = words.value(amount, unit) if unit == "share" else words.short(amount)
    return text.replace(".", texts["decimal"])


def _device(record: Record) -> str:
    return record.machine.gpu or record.machine.cpu


def _machine(record: Record, texts: Texts) -> str:
    line = f"{words.machine(record.machine)} · {words.versions(record.machine)} · {when(record.started)}"
    return f'<p class="machine">{escape(line)}</p>'


def _exports(record: Record, texts: Texts) -> str:
    base = f"benchmark/{record.id}"
    return (
        f'<div class="exports"><a href="{base}.json" download>{escape(texts["benchmark_json"])}</a>'
        f'<a href="{base}.md" download>{escape(texts["benchmark_markdown"])}</a>'
        f'<button type="button" class="copy" data-copy data-from="{base}.md" data-done="{escape(texts["copied"])}" '
        f'data-failed="{escape(texts["copy_failed"])}">{escape(texts["benchmark_copy"])}</button></div>'
    )


def _table(record: Record, texts: Texts) -> str:
    caption = escape(texts["benchmark_figure"].format(rounds=record.plan.rounds))
    heads = "".join(f'<th scope="col">{_head(result, texts)}</th>' for result in record.models)
    known = [{figure.name: figure for figure in figures(result)} for result in record.models]
    rows = "".join(_row(name, [one.get(name) for one in known], record, texts) for name in names(record.models))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(texts["benchmark"])}">'
        f'<table class="figures"><thead><tr><th scope="col">{caption}</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _head(result: ModelResult, texts: Texts) -> str:
    settings = texts["benchmark_settings"].format(width=result.width, height=result.height, steps=result.steps)
    noise = f"<em>{escape(texts['benchmark_random_weights'])}</em>" if result.weights == "random" else ""
    kind = f"{settings}, {result.dtype}" if result.dtype else settings
    return f"<b>{escape(result.title)}</b><small>{escape(kind)}</small>{noise}"


def _row(name: str, cells: Sequence[Figure | None], record: Record, texts: Texts) -> str:
    key, _, detail = name.partition(" ")
    most = max((figure.spread.most for figure in cells if figure), default=0.0)
    tds = "".join(_cell(figure, most, record.plan.rounds, texts) for figure in cells)
    return f'<tr><th scope="row">{escape(texts[f"figure_{key}"].format(detail=detail))}</th>{tds}</tr>'


def _cell(figure: Figure | None, most: float, rounds: int, texts: Texts) -> str:
    """The median, least and most, and where these lie between nothing and the row's most."""
    if figure is None:
        return '<td class="none">–</td>'
    of = figure.spread
    least_most = f"{value(of.least, figure.unit, texts)} – {value(of.most, figure.unit, texts)}"
    counted = "" if of.count == rounds else f" · {texts['benchmark_runs'].format(count=of.count)}"
    bar = ""
    if figure.unit != "share" and most > 0:
        at = [f"{100 * amount / most:.1f}%" for amount in (of.least, of.most, of.median)]
        bar = f'<i class="range" aria-hidden="true" style="--from:{at[0]};--to:{at[1]};--at:{at[2]}"></i>'
    return f"<td><b>{value(of.median, figure.unit, texts)}</b>{bar}<small>{escape(least_most + counted)}</small></td>"


def _remarks(record: Record, running: bool, texts: Texts) -> str:
    lines = [] if record.complete or running else [texts["benchmark_partial"]]
    if record.busy is not None and record.busy > words.BUSY:
        load = f"{record.busy:g}".replace(".", texts["decimal"])
        lines.append(texts["benchmark_busy"].format(load=load))
    for result in record.models:
        about_it = [texts[f"note_{note.code}"].format(detail=note.detail) for note in result.notes]
        if result.read_from_disk:
            share = f"{100 * result.read_from_disk.median:.0f} %"
            about_it.append(texts["benchmark_from_disk"].format(share=share))
        about_it += [result.error] if result.error else []
        lines += [f"{result.title}: {line}" if len(record.models) > 1 else line for line in about_it]
    items = "".join(f"<li>{escape(line)}</li>" for line in dict.fromkeys(lines))
    return f'<ul class="remarks">{items}</ul>'


def _before(compared: Sequence[Change], texts: Texts) -> str:
    if not compared:
        return ""
    heads = ("model", "benchmark_then_was", "benchmark_now", "benchmark_ratio")
    rows = "".join(_changed(change, texts) for change in compared if change.ratio is not None)
    return _section(
        texts["benchmark_before"],
        when(compared[0].started),
        _plain([texts["figure_of"], *(texts[it] for it in heads), ""], rows),
    )


def _changed(change: Change, texts: Texts) -> str:
    key, _, detail = change.now.name.partition(" ")
    before, now = (value(it.spread.median, it.unit, texts) for it in (change.before, change.now))
    ratio = f"{change.ratio or 0:.2f}".replace(".", texts["decimal"])
    better = (change.ratio or 1) < 1 if not change.now.more_is_better else (change.ratio or 1) > 1
    said = texts["benchmark_real" if change.real else "benchmark_noise"]
    kind = ("better" if better else "worse") if change.real else "same"
    cells = [escape(change.model), before, now, f'<b class="{kind}">{ratio}</b>', f"<small>{escape(said)}</small>"]
    name = escape(texts[f"figure_{key}"].format(detail=detail))
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _others(record: Record, texts: Texts) -> str:
    found = about([result.model for result in record.models])
    if not found:
        return ""
    rows = ""
    for one in found:
        step = "–" if one.seconds_per_step is None else value(one.seconds_per_step, "seconds", texts)
        picture = "–" if one.seconds is None else value(one.seconds, "seconds", texts)
        software = one.software + (f", {one.batch}×" if one.batch > 1 else "")
        made = texts["benchmark_settings"].format(width=one.width, height=one.height, steps=one.steps or "–")
        link = (
            f'<a href="{escape(one.source)}" target="_blank" rel="noreferrer noopener">{escape(_host(one.source))}</a>'
        )
        cells = (escape(one.hardware), escape(software), escape(made), picture, step, link)
        rows += (
            f'<tr><th scope="row">{escape(one.net or one.model)}</th>{"".join(f"<td>{it}</td>" for it in cells)}</tr>'
        )
    keys = ("model", "benchmark_hardware", "benchmark_software", "size", "figure_picture", "figure_seconds_per_step")
    table = _plain([*(texts[key] for key in keys), texts["benchmark_source"]], rows)
    return f'<div class="others">{_section(texts["benchmark_others"], texts["benchmark_others_hint"], table)}</div>'


def _host(address: str) -> str:
    """Whose page it is: github.com/owner, huggingface.co/owner."""
    return "/".join(address.removeprefix("https://").removeprefix("huggingface.co/datasets/").split("/")[:2])


def _plain(heads: Sequence[str], rows: str) -> str:
    head = "".join(f'<th scope="col">{escape(it)}</th>' for it in heads)
    table = f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _section(title: str, hint: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{escape(hint)}</p>{content}</section>"
