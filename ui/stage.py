"""The stage, where the picture is: before, during and after its development. Escapes what users write."""

from __future__ import annotations

from html import escape
from math import ceil, sqrt

from generation.events import Frame
from models.spec import ModelSpec
from ui.frames import data_url, url
from ui.texts import Texts
from ui.visit import Run, Shot


def empty(spec: ModelSpec, texts: Texts) -> str:
    """Before the first picture: a sheet of paper in the model's own format."""
    words = f"<p>{escape(texts['empty'])}</p><small>{escape(texts['empty_hint'])}</small>"
    return _print(f'<div class="words">{words}</div>', spec.size.width, spec.size.height, "blank")


def developing(run: Run, frame: Frame | None, texts: Texts) -> str:
    """During a run, and what is left of a stopped one: the newest frame; of several pictures the contact sheet."""
    if run.request.count > 1:
        return _sheet(run, frame, texts)
    alt = escape(texts["frame_alt"].format(prompt=run.request.prompt))
    image = f'<img id="picture" src="{data_url(frame)}" data-step="{frame.step}" alt="{alt}">' if frame else ""
    return _print(image, run.request.width, run.request.height, "wet")


def finished(run: Run, shot: Shot, texts: Texts) -> str:
    """One finished picture, as large as the stage allows."""
    made = texts["picture_alt"].format(prompt=run.request.prompt)
    alt = escape(texts[f"withheld_{shot.withheld}"] if shot.withheld else made)
    source = escape(url(shot.path))
    return _print(
        f'<img id="picture" src="{source}" data-final="{source}" alt="{alt}">', shot.width, shot.height, "dry"
    )


def thumbnail(run: Run, shot: Shot, texts: Texts) -> str:
    """A finished picture as a button that puts it on the stage."""
    name = escape(texts["show_picture"].format(number=shot.index + 1, seed=shot.seed))
    return (
        f'<button type="button" data-act="show" data-job="{escape(run.job)}" data-index="{shot.index}" '
        f'title="{escape(run.request.prompt)}" aria-label="{name}"><img src="{escape(url(shot.path))}" alt=""></button>'
    )


def _print(inner: str, width: int, height: int, kind: str) -> str:
    return f'<div class="print {kind}" style="--w:{width};--h:{height}">{inner}</div>'


def _sheet(run: Run, frame: Frame | None, texts: Texts) -> str:
    request = run.request
    done = {shot.index: shot for shot in run.shots}
    cells = []
    for index in range(request.count):
        name = escape(texts["cell"].format(number=index + 1))
        if index in done:
            cells.append(thumbnail(run, done[index], texts))
        elif frame and frame.index == index:
            cells.append(f'<img src="{data_url(frame)}" alt="{name}">')
        else:
            cells.append(f'<span role="img" aria-label="{name}"></span>')
    columns = ceil(sqrt(request.count * request.height / request.width))
    style = f"--columns:{columns};--rows:{ceil(request.count / columns)};--w:{request.width};--h:{request.height}"
    return f'<ol class="sheet" style="{style}">{"".join(f"<li>{cell}</li>" for cell in cells)}</ol>'
