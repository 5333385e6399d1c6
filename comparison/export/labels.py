"""The words around the pictures: what a run is called, what its rows and columns stand for. Plain text, not escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from comparison.export import figures
from comparison.export.texts import NO_BREAK, Texts
from comparison.plan import Setting, settings
from comparison.record import CellRecord, RunRecord, State
from comparison.summary import ModelSummary, picture_seconds, summaries
from generation import samplers

_AXES = {"seed": "seeds", "steps": "steps", "guidance_scale": "guidance_scales", "sampler": "samplers"}


@dataclass(frozen=True)
class Row:
    """A setting, as far as it varies within the run."""

    prompt: str  # empty where all rows have the same
    axes: str


@dataclass(frozen=True)
class Column:
    """A model."""

    title: str
    about: tuple[str, ...]  # "20 steps · guidance 3 · Euler" as far as it was left to choose, "7.52 M parameters"
    took: str  # "1.02 s a picture"
    scores: str  # "judge 0.93", means
    against: str  # "2.3× faster", than the baseline; empty where that is not known
    seconds: float | None  # per picture, median; None: there is no picture


@dataclass(frozen=True)
class Labels:
    """Everything that is written on a sheet but what stands at single pictures."""

    baseline: str  # the model beside which the others are told
    headline: str
    held: str  # what all pictures have in common
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    made: str  # when, in UTC
    machine: str


def labels(record: RunRecord, texts: Texts, baseline: str | None = None) -> Labels:
    """All of a run's, beside the model `baseline`; None: the first."""
    baseline = baseline or record.plan.models[0]
    return Labels(
        baseline,
        headline(record, texts),
        _held(record, texts),
        tuple(_rows(record, texts)),
        tuple(_column(record, summary, texts) for summary in summaries(record, baseline)),
        datetime.fromtimestamp(record.created, timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        _machine(record),
    )


def headline(record: RunRecord, texts: Texts) -> str:
    """The prompt, if there is one alone; else how many on how many models."""
    prompts, models = record.plan.prompts, len(record.plan.models)
    if len(prompts) == 1:
        return prompts[0]
    on = texts["models_one"] if models == 1 else texts["models"].format(count=models)
    return texts["on"].format(what=texts["prompts"].format(count=len(prompts)), models=on)


def _axes_text(setting: Setting, record: RunRecord, texts: Texts) -> str:
    """What tells a row from the others, without its prompt."""
    varied = {field for field, axis in _AXES.items() if len(getattr(record.plan, axis)) > 1}
    return " · ".join(_value(field, getattr(setting, field), texts) for field in _AXES if field in varied)


def place(setting: Setting, texts: Texts) -> str:
    """A row by itself: its prompt and its seed, and whatever else was chosen."""
    values = ((field, getattr(setting, field)) for field in _AXES)
    said = " · ".join([setting.prompt, *(_value(field, value, texts) for field, value in values if value is not None)])
    return said.replace(NO_BREAK, " ")


def _held(record: RunRecord, texts: Texts) -> str:
    plan = record.plan
    fixed = {field: getattr(plan, axis) for field, axis in _AXES.items()}
    parts = [_value(field, axis[0], texts) for field, axis in fixed.items() if len(axis) == 1 and axis[0] is not None]
    sizes = {(cell.request.width, cell.request.height) for cell in record.cells if cell.request}
    if len(sizes) == 1:
        parts.append("{}×{}".format(*sizes.pop()))
    if plan.negative_prompt:
        parts.append(texts["negative_prompt"].format(value=plan.negative_prompt))
    done = sum(cell.picture is not None for cell in record.cells)
    if done < len(record.cells):
        parts.append(texts["missing"].format(done=done, total=len(record.cells)))
    return _sentence(parts)


def _rows(record: RunRecord, texts: Texts) -> Iterable[Row]:
    several = len(record.plan.prompts) > 1
    for setting in settings(record.plan):
        yield Row(setting.prompt if several else "", _sentence([_axes_text(setting, record, texts)]))


def _column(record: RunRecord, summary: ModelSummary, texts: Texts) -> Column:
    about = [_chosen(record, summary.model, texts)]
    if summary.parameters:
        about.append(texts["parameters"].format(number=figures.parameters(summary.parameters, texts)))
    seconds = summary.seconds.median if summary.seconds else None
    took = "" if seconds is None else texts["per_picture"].format(time=figures.seconds(seconds, texts))
    ratio = summary.against.seconds if summary.against else None
    first = texts["baseline"] if summary.against is None and len(record.plan.models) > 1 else ""
    against = figures.faster(ratio.value, texts) if ratio else first
    scores = _scores({name: score.mean for name, score in summary.quality.items()}, texts)
    return Column(summary.title, tuple(text for text in about if text), took, " · ".join(scores), against, seconds)


def _scores(quality: Mapping[str, float], texts: Texts) -> list[str]:
    return [f"{texts.get(f'score_{name}', name)} {figures.short(value, texts)}" for name, value in quality.items()]


def _chosen(record: RunRecord, model: str, texts: Texts) -> str:
    """The model's own values where nobody chose any."""
    requests = (cell.request for cell in record.cells if cell.model == model and cell.request)
    if (request := next(requests, None)) is None:
        return ""
    left = [field for field in ("steps", "guidance_scale", "sampler") if getattr(record.plan, _AXES[field]) == (None,)]
    values = [(field, getattr(request, field)) for field in left]
    return " · ".join(_value(field, value, texts, own=False) for field, value in values if value != samplers.DEFAULT)


def _value(field: str, value: Any, texts: Texts, own: bool = True) -> str:
    if value is None:
        return texts[f"own_{field}"] if own else texts["no_guidance"]
    shown = figures.number(value, texts) if isinstance(value, float) else value
    text = str(value) if field == "sampler" else texts[field].format(value=shown)
    return text.replace(" ", NO_BREAK)


def _machine(record: RunRecord) -> str:
    devices = dict.fromkeys(cell.measured.device for cell in record.cells if cell.measured)
    machine = record.made_with.get("machine", "")
    versions = [f"{name} {record.made_with[name]}" for name in ("torch", "diffusers") if name in record.made_with]
    return " · ".join([text for text in (machine, *devices) if text] + versions)


def _sentence(parts: list[str]) -> str:
    text = " · ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def caption(cell: CellRecord, texts: Texts) -> str:
    """What stands below a picture: what it took, its scores, and of a replay whether it is the same."""
    took = [figures.seconds(picture_seconds(cell.measured), texts)] if cell.measured else []
    same = [texts[f"same_{cell.verdict.same}"]] if cell.verdict else []
    return " · ".join(took + _scores(cell.quality, texts) + same)


def verdict(cell: CellRecord, texts: Texts) -> str:
    """How a replayed picture that differs does so; empty for any other."""
    found = cell.verdict
    if found is None or found.same != "nothing":
        return ""
    at = "" if found.full else texts["seen_at"].format(width=found.width, height=found.height)
    if found.psnr is None or found.mean is None:
        return texts["differs_invisibly"] + at
    mean, psnr = f"{found.mean:.2g}".replace(".", texts["decimal"]), figures.short(found.psnr, texts, 1)
    return texts["differs"].format(mean=mean, psnr=psnr) + at


def lack(cell: CellRecord, texts: Texts) -> str:
    """Why there is no picture to be seen, in a word or two."""
    return texts["gone" if cell.state is State.DONE else cell.state.value]
