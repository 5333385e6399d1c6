"""What stands around the grid: what a plan comes to, medians and ratios, the bar above, earlier comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from urllib.parse import quote

from comparison.clip_scores import Scored
from comparison.forecast import Forecast
from comparison.recipe import MOST_BYTES
from comparison.record import RunRecord, State
from comparison.summary import Against, Change, ModelSummary, change, summaries
from models.progress import Downloading
from ui.compare.exports import EXPORTS
from ui.compare.grid import act
from ui.figures import seconds, size
from ui.status import Status
from ui.texts import Texts

OPEN = (State.WAITING, State.RUNNING)


def forecast(found: Forecast, titles: Mapping[str, str], texts: Texts) -> str:
    """What is ahead, before anybody starts."""
    told = [counted("compare_pictures", found.pictures, texts)]
    if found.loads:
        told.append(counted("compare_loads", found.loads, texts))
    if found.download_bytes:
        told.append(texts["compare_downloads"].format(size=size(found.download_bytes, texts)))
    if found.known_seconds:
        told.append(texts["compare_time"].format(time=seconds(found.known_seconds, texts)))
    if found.unknown:
        names = ", ".join(titles.get(name, name) for name in found.unknown)
        told.append(texts["compare_unmeasured"].format(models=names))
    refused = ""
    if found.refused:
        count = texts["compare_refused"].format(count=len(found.refused))
        refused = f'<p class="refused">{escape(count)} {escape(found.refused[0][1])}</p>'
    return f"<p>{escape(' · '.join(told))}</p>{refused}"


def weighed(found: Forecast, titles: Mapping[str, str], texts: Texts) -> str:
    """What the replay of a recipe comes to, for somebody to say that it is wanted; compare.js adds the recipe."""
    sure = act("replay", texts["compare_replay"])
    return f'<div class="weighed" role="status">{forecast(found, titles, texts)}{sure}</div>'


def unready(message: str) -> str:
    """Why there is nothing to start yet."""
    return f'<p class="refused">{escape(message)}</p>'


def heads(run: RunRecord, baseline: str, texts: Texts) -> dict[str, str]:
    """What stands above each model: medians, and what it saves beside the baseline."""
    return {one.model: _medians(one, texts) + _beside(one, baseline, run, texts) for one in summaries(run, baseline)}


def _medians(one: ModelSummary, texts: Texts) -> str:
    told = [seconds(one.seconds.median, texts)] if one.seconds else []
    if one.seconds_per_step:
        told.append(texts["per_step"].format(time=seconds(one.seconds_per_step.median, texts)))
    if one.memory and not one.memory_is_process:
        told.append(size(round(one.memory.median), texts))
    for name, score in one.quality.items():
        told.append(f"{texts.get(f'score_{name}', name)} {score.mean:.2f}".replace(".", texts["decimal"]))
    name = escape(texts["compare_medians"])
    return f'<p title="{name}">{escape(" · ".join(told))}</p>' if told else "<p>–</p>"


def _beside(one: ModelSummary, baseline: str, run: RunRecord, texts: Texts) -> str:
    if len(run.plan.models) < 2:
        return ""
    if one.against is None:
        return f'<p class="ratio">{escape(texts["compare_is_baseline"])}</p>' if one.model == baseline else ""
    told = against(one.against, texts)
    return f'<p class="ratio">{told}</p>' if told else ""


def against(beside: Against, texts: Texts) -> str:
    """ "1.6× faster, 48 % less memory", as HTML."""
    told = []
    if beside.seconds:
        found = change(beside.seconds.value)
        factor = f"{found.factor:.2f}".rstrip("0").rstrip(".").replace(".", texts["decimal"])
        told.append(_marked(texts[f"compare_speed_{found.kind}"], f"{factor}×", found))
    for name, ratio in (("memory", beside.memory and beside.memory.value), ("parameters", beside.parameters)):
        if ratio and (found := change(ratio)).kind != "same":
            told.append(_marked(texts[f"compare_{name}_{found.kind}"], f"{100 * found.share:.0f} %", found))
    return ", ".join(told)


def _marked(text: str, figure: str, found: Change) -> str:
    """The text with its figure marked where the model is the better one."""
    before, _, after = (escape(part) for part in text.partition("{figure}"))
    return f"{before}<b>{figure}</b>{after}" if found.kind == "less" else f"{before}{figure if after else ''}{after}"


def status(run: RunRecord, left: float | None, texts: Texts) -> Status:
    """How far the run is; `left` are the seconds that the rest takes, where that is known."""
    states = [cell.state for cell in run.cells]
    done, going = states.count(State.DONE), any(state in OPEN for state in states)
    figures = [texts["compare_done_of"].format(done=done, count=len(states))]
    if failed := states.count(State.FAILED):
        figures.append(f"{failed} × {texts['failed']}")
    if verdicts := [cell.verdict.same for cell in run.cells if cell.verdict]:
        figures.append(texts["verdict_count"].format(same=verdicts.count("bytes"), count=len(verdicts)))
    if going and left is not None:
        figures.append(texts["left"].format(time=seconds(left, texts)))
    phase = "compare_running" if going else "cancelled" if State.STOPPED in states else "finished"
    return Status(texts[phase], figures, done / len(states))


def bar(run: RunRecord, baseline: str, clip: int | None, trouble: str | None, texts: Texts) -> str:
    """What can be done with the run as a whole.

    `clip`: bytes to download for CLIP's scores, None: there are none. `trouble`: why the disk does not take the run.
    """
    voting = act("vote", texts["vote"]) if votable(run) else ""
    scoring = act("clip", _clip(clip, texts)) if clip is not None else ""
    export = _export(run, baseline, texts) if any(cell.state is State.DONE for cell in run.cells) else ""
    told = (
        f'<p class="refused" role="alert">{escape(texts["compare_unsaved"])} {escape(trouble)}</p>' if trouble else ""
    )
    return f'<div class="bar">{_baseline(run, baseline, texts)}{voting}{scoring}{export}</div>{told}'


def _clip(missing: int, texts: Texts) -> str:
    return texts["clip_download"].format(size=size(missing, texts)) if missing else texts["clip"]


def scoring(event: object, texts: Texts) -> Status:
    """How far CLIP is, by what its task told last."""
    if isinstance(event, Downloading):
        told = f"{size(event.done_bytes, texts)} / {size(event.total_bytes, texts)}"
        return Status(texts["downloading"].format(model="CLIP"), [told], event.done_bytes / max(1, event.total_bytes))
    if isinstance(event, Scored):
        told = texts["clip_scoring"].format(done=event.done, count=event.total)
        return Status(told, [], event.done / max(1, event.total))
    return Status(texts["clip_loading"])


def _baseline(run: RunRecord, baseline: str, texts: Texts) -> str:
    """The menu of models that the others are measured by."""
    if len(run.plan.models) < 2:
        return ""
    options = []
    for name in run.plan.models:
        chosen = " selected" if name == baseline else ""
        options.append(f'<option value="{escape(name)}"{chosen}>{escape(run.titles.get(name, name))}</option>')
    menu = f'<select data-chosen="baseline">{"".join(options)}</select>'
    return f"<label>{escape(texts['compare_baseline'])}{menu}</label>"


def _export(run: RunRecord, baseline: str, texts: Texts) -> str:
    links = []
    for file, export in EXPORTS.items():
        href = f"compare/{run.id}/export/{file}?baseline={quote(baseline, safe='')}"
        kind = f"<small>{file.rpartition('.')[2].upper()}</small>"
        links.append(f'<li><a href="{href}" download>{escape(texts[export.text])}{kind}</a></li>')
    return f'<details class="export"><summary>{escape(texts["export"])}</summary><ul>{"".join(links)}</ul></details>'


def votable(run: RunRecord) -> bool:
    """Whether a row has pictures of two models."""
    rows = [cell.row for cell in run.cells if cell.state is State.DONE]
    return len(rows) > len(set(rows))


def earlier(runs: Sequence[RunRecord], shown: str, texts: Texts) -> str:
    """All comparisons that this visitor may come back to, newest first."""
    if not runs:
        return ""
    items = "".join(_one(run, run.id == shown, texts) for run in runs)
    return f"<h2>{escape(texts['compare_earlier'])}</h2><ol>{items}</ol>"


def _one(run: RunRecord, current: bool, texts: Texts) -> str:
    made = datetime.fromtimestamp(run.created, timezone.utc)
    of = texts["compare_run"].format(
        prompts=counted("compare_prompts", len(run.plan.prompts), texts),
        models=counted("compare_models", len(run.plan.models), texts),
    )
    line = f"{of} · {status(run, None, texts).phase} · {made:%Y-%m-%d %H:%M} UTC"
    erase = escape(texts["compare_erase"])
    return (
        f'<li{" class=current" if current else ""}><button type="button" class="open" data-act="open" '
        f'data-run="{run.id}"><b>{escape(run.plan.prompts[0])}</b><small>{escape(line)}</small></button>'
        f'<details class="erase"><summary aria-label="{erase}" title="{erase}">×</summary>'
        f"{act('erase', texts['delete'], run=run.id)}</details></li>"
    )


def counted(key: str, count: int, texts: Texts) -> str:
    """ "1 picture", "6 pictures"."""
    return texts[f"{key}_one"] if count == 1 else texts[f"{key}_count"].format(count=count)


def drops(texts: Texts) -> tuple[str, str]:
    """Where a file of prompts goes, and where a recipe."""
    large = texts["reading_large"].format(most=MOST_BYTES // 1_000_000)
    prompts = _drop("prompts", texts["compare_file"], ".txt,text/plain", large)
    return prompts, _drop("recipe", texts["compare_recipe"], ".json,application/json", large)


def _drop(name: str, label: str, accepted: str, large: str) -> str:
    """A place for a file, which the browser reads: nothing is uploaded. `large` is said of one that has too much."""
    return (
        f'<label class="drop" data-file="{name}" data-most="{MOST_BYTES}" data-large="{escape(large)}">'
        f'<input type="file" accept="{accepted}"><span role="status">{escape(label)}</span></label>'
        f'<button type="button" data-act="{name}" hidden></button>'
    )
