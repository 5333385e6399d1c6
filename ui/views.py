"""What stands around the picture: film strip, result, history, examples, head of the page. Escapes what users write."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from generation.events import Frame
from generation.request import GenerationRequest
from models.spec import ModelSpec
from safety.settings import note
from ui.figures import seconds, size
from ui.frames import data_url, thinned, url
from ui.sharing.views import menu
from ui.stage import thumbnail
from ui.texts import Texts
from ui.visit import Run, Shot, Visit

MOVING = ("WebP", "GIF")  # what a film strip can be saved as


def _button(act: str, label: str, **data: object) -> str:
    told = "".join(f' data-{name}="{escape(str(value))}"' for name, value in data.items())
    return f'<button type="button" data-act="{act}"{told}>{escape(label)}</button>'


def strip(frames: Sequence[Frame], job: str, texts: Texts) -> str:
    """The steps of one picture as a film strip under a slider: hover, drag or arrow keys scrub through them."""
    if len(frames) < 2:
        return unexposed("strip_empty", 1, texts)
    kept = thinned(frames)
    images = "".join(f'<img src="{data_url(frame)}" alt="" data-step="{frame.step}">' for frame in kept)
    of = {"job": job, "index": kept[0].index}
    saves = "".join(_button("save", texts["save_as"].format(format=kind), format=kind.lower(), **of) for kind in MOVING)
    return (
        f'<div class="titled"><h2>{escape(texts["strip"])}</h2><span class="acts">{saves}</span></div>'
        f'<div class="film"><div class="frames" aria-hidden="true">{images}</div>'
        f'<input type="range" class="scrub" min="1" max="{len(kept)}" value="{len(kept)}" step="1" '
        f'aria-label="{escape(texts["strip_step"])}" title="{escape(texts["strip_hint"])}"></div>'
    )


def unexposed(hint: str, steps: int, texts: Texts) -> str:
    """A film strip without pictures yet; during a run darkroom.js exposes it as the steps go by."""
    return (
        f'<div class="titled"><h2>{escape(texts["strip"])}</h2><span class="hint">{escape(texts[hint])}</span></div>'
        f'<div class="film live"><div class="frames" aria-hidden="true" style="--count:{steps}"></div></div>'
    )


def begun(request: GenerationRequest, texts: Texts) -> str:
    """What is to be known of a run that has just begun."""
    return f'<div class="titled"><p class="seed">{escape(texts["seed"])} <b>{request.seed}</b></p></div>'


def result(run: Run, shot: Shot | None, texts: Texts, keyed: bool = False) -> str:
    """What is to be known and done after a run: seed, files, times, memory, notes. `keyed`: as in ui.sharing."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in _notes(run, texts))
    parts = [_acts(run, shot, texts, keyed) if run.shots else "", f'<ul class="notes">{notes}</ul>' if notes else ""]
    return "".join([*parts, _facts(run, texts)])


def _notes(run: Run, texts: Texts) -> list[str]:
    """What the job told, in the visitor's language where it is of pictures that are withheld."""
    kinds = dict.fromkeys(shot.withheld for shot in run.shots if shot.withheld)
    told = {note(kind): texts[f"withheld_{kind}"] for kind in kinds}
    return [told.get(it, it) for it in run.notes]


def _acts(run: Run, shot: Shot | None, texts: Texts, keyed: bool) -> str:
    """The buttons for one picture, or for a whole contact sheet (None), whose first seed stands for it."""
    chosen = shot or run.shots[0]
    seed = _button("seed", texts["use_seed"], kind="input", job=run.job, index=chosen.index)
    acts = [_button("recipe", texts["use_recipe"], kind="input", job=run.job, index=chosen.index)]
    if shot and run.request.count > 1:
        acts.insert(0, _button("show", texts["contact_sheet"], job=run.job))
    if shot and not shot.withheld:
        name = f"darkroom-{shot.seed}.png"
        acts.append(f'<a href="{escape(url(shot.path))}" download="{name}">{escape(texts["download_png"])}</a>')
    request = run.request.model_copy(update={"seed": chosen.seed, "count": 1}) if shot else run.request
    acts.append(menu(request, chosen.infotext, keyed, texts))
    return (
        f'<div class="titled"><p class="seed">{escape(texts["seed"])} <b>{chosen.seed}</b> {seed}</p>'
        f'<span class="acts">{"".join(acts)}</span></div>'
    )


def _facts(run: Run, texts: Texts) -> str:
    if run.timings is None:
        return ""
    downloaded = ("download",) if run.timings.download else ()
    parts = (*downloaded, "load", "text", "denoise", "decode", "total")
    facts = [(texts[f"time_{part}"], seconds(getattr(run.timings, part), texts)) for part in parts]
    facts += [(texts["memory"], size(run.peak_memory_bytes, texts)), (texts["device"], run.device)]
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts" aria-label="{escape(texts["details"])}">{rows}</dl>'


def history(visit: Visit, current: tuple[str, int] | None, texts: Texts) -> str:
    """Everything made in this visit, newest first; `current` is what the stage shows: job and index."""
    items = "".join(
        f"<li{' class=current' if current == (run.job, shot.index) else ''}>{thumbnail(run, shot, texts)}</li>"
        for run in visit
        for shot in run.shots
    )
    return f"<h2>{escape(texts['history'])}</h2><ol>{items}</ol>" if items else ""


def examples(spec: ModelSpec, texts: Texts) -> str:
    """The model's own example prompts, one click each."""
    items = "".join(f"<li>{_button('example', prompt, prompt=prompt)}</li>" for prompt in spec.examples)
    return f"<h2>{escape(texts['examples'])}</h2><ul>{items}</ul>"


def masthead(device: str, texts: Texts, user: str | None = None) -> str:
    """Name, device, who has logged in, and the switch between dark and light."""
    theme = escape(texts["theme"])
    return (
        f'<h1><span class="lamp" aria-hidden="true"></span>Darkroom</h1><span class="device">{escape(device)}</span>'
        f"{_login(user, texts)}"
        f'<button type="button" class="theme" aria-label="{theme}" title="{theme}"></button>'
    )


def _login(user: str | None, texts: Texts) -> str:
    """None: nobody has to log in here. Empty: somebody may, and has not."""
    if user is None:
        return ""
    if not user:
        return f'<span class="who"><a href="login">{escape(texts["login"])}</a></span>'
    name = user.removeprefix("hf:")
    return f'<span class="who"><b>{escape(name)}</b> <a href="logout">{escape(texts["logout"])}</a></span>'
