"""A benchmark in plain English, for the terminal and for Markdown; the page has its own words, in two languages."""

from __future__ import annotations

from measurement.figures import Figure, Unit
from measurement.record import Machine, ModelResult, Note, Record, Spread
from models.amounts import bytes_text

NAMES = {
    "cold_load": "cold load",
    "warm_load": "warm load",
    "first_preview": "first preview",
    "seconds_per_step": "a step",
    "picture": "a picture",
    "batch": "pictures a minute, {} at a time",
    "peak_memory": "peak memory",
    "preview": "previews {} / off",
}
NOTES = {
    "random": "its weights are random: times hold, its pictures are noise",
    "on_cpu": "on a CPU peak memory is the whole process's, and a warm load copies nothing",
    "cache": "the OS kept the model's files in its cache, so the cold load is without the disk",
    "not_warm": "host memory does not hold its weights beside the device's (`warm_gb`), so there is no warm load",
    "no_taesd": "TAESD's files are not on the disk, so its previews were left out",
    "batch_memory": "too little memory for {} pictures at a time",
}
BUSY = 0.5  # load for each processor from which on others took part


def name(figure: str) -> str:
    """What a figure of that name is called: "batch 4" → "pictures a minute, 4 at a time"."""
    key, _, detail = figure.partition(" ")
    return NAMES[key].format(detail)


def value(amount: float, unit: Unit) -> str:
    """One number with its unit, in three digits: 45 ms, 1.25 s, 13.4, 548 MB, +3.1 %."""
    if unit == "bytes":
        return bytes_text(int(amount))
    if unit == "share":
        return f"{100 * amount:+.1f} %".replace("-0.0", "+0.0")
    if unit == "per_minute":
        return short(amount)
    if amount < 1:
        return f"{short(1000 * amount)} ms"
    return f"{short(amount)} s" if amount < 600 else f"{amount / 60:.0f} min"


def short(amount: float) -> str:
    """Three digits."""
    return f"{amount:.{2 if amount < 9.995 else 1 if amount < 99.95 else 0}f}"


def spread(figure: Figure, runs: int) -> str:
    """The median, then least and most, with their unit where it differs; how many runs where it was not `runs`."""
    of = figure.spread
    median, least, most = (value(amount, figure.unit) for amount in (of.median, of.least, of.most))
    unit = median.partition(" ")[2]
    if unit and least.endswith(f" {unit}") and most.endswith(f" {unit}"):
        least, most = least.removesuffix(f" {unit}"), most.removesuffix(f" {unit}")
    counted = "" if of.count == runs else f"; {of.count} run{'s' * (of.count > 1)}"
    return f"{median} ({least} to {most}{counted})"


def title(result: ModelResult) -> str:
    return f"{result.model} (random weights)" if result.weights == "random" else result.model


def settings(result: ModelResult) -> str:
    """What was made: 512x512, 25 steps, guidance 7.5."""
    guidance = "" if result.guidance_scale is None else f", guidance {result.guidance_scale:g}"
    own = "" if result.at_defaults else " (not its defaults)"
    return f"{result.width}x{result.height}, {result.steps} step{'s' * (result.steps > 1)}{guidance}{own}"


def machine(it: Machine) -> str:
    """One line of hardware."""
    gpu = "" if it.gpu is None else f"{it.gpu}{f' {bytes_text(it.gpu_memory_bytes)}' if it.gpu_memory_bytes else ''}, "
    return f"{gpu}{it.cpu}, {it.cpus} CPU{'s' * (it.cpus > 1)}, {bytes_text(it.memory_bytes)} of memory, {it.system}"


def versions(it: Machine) -> str:
    """One line of software."""
    found = {"driver": it.driver, "CUDA": it.cuda, "torch": it.torch, "diffusers": it.diffusers, "Python": it.python}
    found["Darkroom"] = it.darkroom
    return ", ".join(f"{what} {version}" for what, version in found.items() if version)


def remarks(record: Record) -> list[str]:
    """What must be known to read the table, a line each."""
    lines = [f"Median of {record.plan.rounds} runs (least to most). Previews: {record.preview.mode}. {record.started}."]
    if not record.complete:
        lines.append("It was stopped: this is what was measured until then.")
    if record.busy is not None and record.busy > BUSY:
        lines.append(f"Other programs ran beside it: a load of {record.busy:g} for each processor when it began.")
    for result in record.models:
        precision = f"{result.dtype}, attention {result.attention}; " if result.dtype else ""
        lines.append(f"{title(result)}: {precision}{settings(result)}.")
    for note in dict.fromkeys(note for result in record.models for note in result.notes):
        about = ", ".join(title(result) for result in record.models if note in result.notes)
        lines.append(f"{about}: {noted(note)}.")
    lines += [f"{title(result)}: {result.error}" for result in record.models if result.error]
    if any(result.read_from_disk for result in record.models):
        lines += [_from_disk(result, result.read_from_disk) for result in record.models if result.read_from_disk]
    return lines


def noted(note: Note) -> str:
    return NOTES[note.code].format(note.detail)


def _from_disk(result: ModelResult, share: Spread) -> str:
    return f"{title(result)}: in a cold load the storage delivered {100 * share.median:.0f} % of its files' bytes."
