"""What the page does with jobs: plain functions of values and engine events. Its controls are in controls.py."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Literal, get_args

import gradio as gr

from errors import DarkroomError, GenerationFailed, InvalidRequest, UnknownJob
from generation.events import Failed, Finished
from generation.job import Job
from generation.request import GenerationRequest
from generation.settings import PreviewMode
from studio import Studio
from ui import views
from ui.cache import cached
from ui.controls import Bench, replayed
from ui.outcome import file, grown, record
from ui.screen import Screen, paced, showing, watched
from ui.status import Status
from ui.texts import Texts
from ui.visit import Run, Visit
from ui.visitor import pointed, pressed, remembered, texts_for
from visitors.asking import caller_of

log = logging.getLogger(__name__)

SAVING_SECONDS = 5.0  # that a page or a program waits to hear whether its pictures are saved
SLOW_DISK = "The gallery takes long to save; it goes on trying."


@contextmanager
def refusals_shown(texts: Texts) -> Iterator[None]:
    """The one place where an error becomes a toast: ours with its text, any other logged and not explained."""
    try:
        yield
    except DarkroomError as error:
        # A toast shows HTML, and a message may quote what the user wrote.
        raise gr.Error(escape(str(error), quote=False), print_exception=False) from None
    except Exception:
        log.exception("The page failed")
        raise gr.Error(escape(texts["broke"], quote=False), print_exception=False) from None


class Acts:
    """The handlers of jobs and pictures on the page of one studio."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.engine, self.keeper = studio, studio.engine, studio.keeper

    def generate(
        self,
        prompt: Any,
        negative_prompt: Any = None,
        model: Any = None,
        steps: Any = None,
        guidance_scale: Any = None,
        width: Any = None,
        height: Any = None,
        seed: Any = None,
        sampler: Any = None,
        count: Any = None,
        preview: Any = None,
        request: gr.Request | None = None,
    ) -> Iterator[tuple[list[str] | None, dict[str, Any], str]]:
        """Develop pictures from a prompt. All but the prompt may be left out for the model's defaults.

        Streams the pictures finished so far, as PNG files with their recipe inside, and where the job is. The last
        answer has all of them, the seeds, the timings, the peak memory and notes. Seed -1 draws one; picture i of
        `count` uses seed + i.
        """
        asked = {name: value for name, value in locals().items() if name in GenerationRequest.model_fields}
        with refusals_shown(texts_for(request)):
            if preview is not None and preview not in get_args(PreviewMode):
                raise InvalidRequest(f"Preview must be one of: {', '.join(get_args(PreviewMode))}.", "preview")
            job = self.engine.submit(self.engine.request(asked), preview=preview, caller=caller_of(request))
            yield from self._told(job, from_page=preview is not None)

    def _told(self, job: Job, from_page: bool) -> Iterator[tuple[list[str] | None, dict[str, Any], str]]:
        """The job for whoever asked. It outlives the page, which can come back to it, but no other program."""
        paths: dict[int, str] = {}
        try:
            for event in paced(job, self.engine.preview.per_second):
                paths |= {picture.index: file(picture, job) for picture in job.pictures() if picture.index not in paths}
                told = record(job, event, preview=not from_page)
                if isinstance(event, Finished) and (trouble := self._unsaved(job.id)):
                    told["notes"].append(trouble)
                yield list(paths.values()) or None, told, job.id
        finally:
            if not from_page:
                job.cancel()
        if isinstance(job.latest, Failed):
            raise GenerationFailed(job.latest.message)

    def watch(self, job: str, visit: Visit, jobs: Any, request: gr.Request) -> Iterator[Screen]:
        """Show the job that was just submitted on this page."""
        texts = texts_for(request)
        with refusals_shown(texts):
            if job:
                found = self.studio.job(job, caller_of(request))
                yield from watched(self.engine, found, visit, remembered(jobs), texts, self.studio.keyed)
                if trouble := self._unsaved(job):
                    yield Screen(status=Status(texts["not_saved"], (trouble,), 1.0).html())

    def _unsaved(self, job: str) -> str | None:
        """Why a picture of `job` is not in the gallery; None: all are, or there is none."""
        if self.keeper is None or self.keeper.settled(job, SAVING_SECONDS):
            return None
        trouble = self.keeper.trouble()
        return trouble[0] if trouble else SLOW_DISK

    def attach(self, jobs: Any, request: gr.Request) -> tuple[Any, ...]:
        """Take up what this browser did before: its last job, which `watch` then shows, and the visit's history."""
        known = [job for id in remembered(jobs) if (job := self._known(id, request))]
        if not known:
            return ("", (), "", *Bench())
        texts = texts_for(request)
        visit = tuple(grown(Run(job.id, job.request), job, job.latest) for job in known if job.done)
        bench = replayed(self.engine.models, known[0].request, texts)
        return (known[0].id, visit, views.history(visit, None, texts), *bench)

    def stop(self, job: Any, request: gr.Request) -> None:
        """Cancel the job that this page shows."""
        known = self._known(job, request)
        if known and self.studio.changes(caller_of(request), known.caller.owner):
            known.cancel()

    def _known(self, id: Any, request: gr.Request) -> Job | None:
        try:
            return self.studio.job(id, caller_of(request)) if isinstance(id, str) else None
        except UnknownJob:
            return None

    def show(self, visit: Visit, request: gr.Request, event: gr.EventData) -> Screen:
        """Put a picture of the visit, or a whole contact sheet, on the stage."""
        run, index = pointed(visit, event)
        if run is None:
            return Screen()
        return showing(self.engine, run, index, visit, texts_for(request), self.studio.keyed)

    def save(self, visit: Visit, request: gr.Request, event: gr.EventData) -> Any:
        """The film strip as a moving picture, in a file."""
        from generation.strip import encoded  # loads Pillow

        texts = texts_for(request)
        data = pressed(event)
        with refusals_shown(texts):
            kind: Literal["gif", "webp"] = "gif" if data.get("format") == "gif" else "webp"
            run, index = pointed(visit, event)
            caller = caller_of(request)
            frames = [f for f in self.studio.job(run.job, caller).frames() if f.index == index] if run else []
            if not frames or run is None:
                raise UnknownJob(texts["no_frames"])
            name = f"darkroom-{run.request.seed + (index or 0)}.{kind}"
            return gr.DownloadButton(value=cached(encoded(frames, kind), name, caller.owner))
