"""The line under the picture: the phase in words, its figures, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from generation.events import (
    Cancelled,
    Decoding,
    Developed,
    Encoding,
    Event,
    Failed,
    Finished,
    Queued,
    Silent,
    Step,
)
from generation.request import GenerationRequest
from models.progress import Downloading, Loading
from ui.figures import seconds, size
from ui.texts import Texts


@dataclass(frozen=True)
class Status:
    """What is said about a job at one moment."""

    phase: str
    figures: Sequence[str] = ()
    part: float = 0.0  # done, of the whole job or download

    def html(self) -> str:
        """Screen readers hear the phase when it changes, and not each step."""
        figures = "".join(f"<span>{escape(figure)}</span>" for figure in self.figures)
        return (
            f'<div class="bar" aria-hidden="true"><i style="width:{100 * self.part:.1f}%"></i></div>'
            f'<div class="line"><strong role="status" aria-live="polite">{escape(self.phase)}</strong>'
            f'<span class="figures">{figures}</span></div>'
        )


def status(event: Event, request: GenerationRequest, title: str, texts: Texts) -> Status:
    """What `event` says about the run of `request` on the model called `title`."""
    if isinstance(event, Queued):
        return _queued(event, texts)
    if isinstance(event, Downloading):
        what = title if event.model == request.model else event.model
        told = (f"{size(event.done_bytes, texts)} / {size(event.total_bytes, texts)}", event.file)
        figures = told if event.total_bytes else ()
        return Status(texts["downloading"].format(model=what), figures, event.done_bytes / max(1, event.total_bytes))
    if isinstance(event, Loading):
        parts = (event.component, f"{event.done} / {event.total}")
        return Status(texts["loading"].format(model=title), parts, event.done / max(1, event.total))
    if isinstance(event, Silent):
        return Status(texts["silent"].format(time=seconds(event.seconds, texts)))
    if isinstance(event, Finished | Failed | Cancelled):
        done = isinstance(event, Finished)
        took = [seconds(event.timings.total, texts)] if isinstance(event, Finished) else []
        return Status(texts[type(event).__name__.lower()], took, float(done))
    return _developing(event, request, texts)


def _queued(event: Queued, texts: Texts) -> Status:
    ahead = {0: texts["queued_next"], 1: texts["queued_ahead_one"]}
    figures = [ahead.get(event.position) or texts["queued_ahead"].format(position=event.position)]
    if event.wait_seconds is not None:
        figures.append(texts["wait"].format(time=seconds(event.wait_seconds, texts)))
    return Status(texts["queued"], figures)


def _developing(event: Encoding | Step | Decoding | Developed, request: GenerationRequest, texts: Texts) -> Status:
    """One of the phases that each picture of the request goes through."""
    index = event.picture.index if isinstance(event, Developed) else event.index
    done = {Encoding: 0.0, Decoding: 1.0, Developed: 1.0}.get(type(event), 0.0)
    phase = {Encoding: "encoding", Step: "developing"}.get(type(event), "decoding")
    figures = [texts["picture_of"].format(number=index + 1, count=request.count)] if request.count > 1 else []
    if isinstance(event, Step):
        done = event.done / event.total
        figures.append(texts["step_of"].format(done=event.done, total=event.total))
        if event.seconds_per_step:  # measured
            figures.append(texts["per_step"].format(time=seconds(event.seconds_per_step, texts)))
            figures.append(texts["left"].format(time=seconds(event.seconds_left, texts)))
    return Status(texts[phase], figures, (index + done) / request.count)
