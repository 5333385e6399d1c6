"""A job as the page shows it, from wherever it is now to its end, as often as anybody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import gradio as gr

from errors import UnknownJob
from generation.engine import Engine
from generation.events import Event, Frame, Step
from generation.job import Job
from ui import stage, views
from ui.outcome import grown
from ui.status import status
from ui.texts import Texts
from ui.visit import Run, Visit, with_run

SKIP: Any = gr.skip()  # leaves a component as it is
REMEMBERED = 24  # jobs that a browser can come back to


class Screen(NamedTuple):
    """All that a run changes on the page, by component."""

    stage: Any = SKIP
    status: Any = SKIP
    strip: Any = SKIP
    result: Any = SKIP
    history: Any = SKIP
    visit: Any = SKIP
    jobs: Any = SKIP
    develop: Any = SKIP
    stop: Any = SKIP


def paced(job: Job, per_second: float) -> Iterator[Event]:
    """The job's events, with no more steps a second than that."""
    shown = 0.0
    for event in job.events():
        if isinstance(event, Step):
            if time.monotonic() - shown < 1 / per_second:
                continue
            shown = time.monotonic()
        yield event


def watched(
    engine: Engine, job: Job, visit: Visit, jobs: Sequence[str], texts: Texts, keyed: bool = False
) -> Iterator[Screen]:
    """The page during a run and after it. `keyed`: as in ui.sharing."""
    run, frame = Run(job.id, job.request), None
    title = engine.models[run.request.model].title
    kept = [job.id, *(id for id in jobs if id != job.id)][:REMEMBERED]
    if not job.done:
        veiled = engine.safeguard.examines(engine.models[run.request.model])
        yield _going(_begun(run, visit, "strip_veiled" if veiled else "strip_empty", texts), kept)
    for event in paced(job, engine.preview.per_second):
        run = grown(run, job, event)
        line = status(event, run.request, title, texts).html()
        if run.ended:
            yield ended(engine, run, with_run(visit, run), texts, keyed)._replace(status=line, jobs=kept)
            return
        frame = event.frame or frame if isinstance(event, Step) else frame
        yield _going(Screen(stage=stage.developing(run, frame, texts), status=line), kept)


def _begun(run: Run, visit: Visit, hint: str, texts: Texts) -> Screen:
    return Screen(
        stage=stage.developing(run, None, texts),
        strip=views.unexposed(hint, run.request.steps, texts),
        result=views.begun(run.request, texts),
        history=views.history(visit, None, texts),
    )


def _going(screen: Screen, jobs: list[str]) -> Screen:
    """With what holds during the whole run, told every time: a busy browser loses changes that are told once."""
    return screen._replace(jobs=jobs, develop=gr.Button(interactive=False), stop=gr.Button(interactive=True))


def ended(engine: Engine, run: Run, visit: Visit, texts: Texts, keyed: bool = False) -> Screen:
    """The page after a run: its picture, or all of them."""
    only = 0 if run.request.count == 1 else None
    return showing(engine, run, only, visit, texts, keyed)._replace(
        visit=visit, develop=gr.Button(interactive=True), stop=gr.Button(interactive=False)
    )


def showing(engine: Engine, run: Run, index: int | None, visit: Visit, texts: Texts, keyed: bool = False) -> Screen:
    """A run of the visit on the stage: one of its pictures, or all of them (None)."""
    shot = next((shot for shot in run.shots if shot.index == index), None)
    alone = run.request.count == 1
    frames = _frames(engine, run.job, shot.index if shot else 0) if shot or alone else ()
    last = frames[-1] if frames else None  # all that there is of a picture that was stopped
    return Screen(
        stage=stage.finished(run, shot, texts) if shot else stage.developing(run, last, texts),
        strip=views.strip(frames, run.job, texts) if shot or alone else views.unexposed("strip_choose", 1, texts),
        result=views.result(run, shot, texts, keyed),
        history=views.history(visit, (run.job, shot.index) if shot else None, texts),
    )


def _frames(engine: Engine, job: str, index: int) -> tuple[Frame, ...]:
    try:
        return tuple(frame for frame in engine.job(job).frames() if frame.index == index)
    except UnknownJob:  # long over: its picture is still here, its steps are not
        return ()
