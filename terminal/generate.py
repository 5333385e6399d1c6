"""`python app.py generate`: a job's events as a progress bar on stderr, and the pictures' paths on stdout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from errors import DarkroomError, InvalidRequest
from generation.events import Decoding, Encoding, Event, Finished, Queued, Silent, Step
from generation.request import GenerationRequest
from models.amounts import bytes_text
from models.progress import Downloading, Loading
from terminal.pictures import Destination, write
from terminal.text import one_line, plain, seconds_text

if TYPE_CHECKING:
    from generation.engine import Engine
    from generation.job import Job

SIZE = re.compile(r"([0-9]{1,6})[x×]([0-9]{1,6})")


def asked(size: str | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options as a request takes them; `size` is WIDTHxHEIGHT."""
    if size is None:
        return values
    match = SIZE.fullmatch(size)
    if match is None:
        raise InvalidRequest(f"--size is '{plain(size)}'. Give WIDTHxHEIGHT in pixels, for example 256x256.", "width")
    return {**values, "width": int(match[1]), "height": int(match[2])}


def run(engine: Engine, request: GenerationRequest, destination: Destination) -> None:
    """Make what `request` says and print where each picture is. Raises DarkroomError for a job that failed."""
    console = Console(stderr=True)
    engine.start()
    job = engine.submit(request, preview="off")
    try:
        with progress(console) as bar:
            _follow(job, bar, destination)
    except KeyboardInterrupt:
        job.cancel()
        with suppress(KeyboardInterrupt):  # a second one does not wait for the step that is running
            _ = list(job.events())
        raise
    except DarkroomError:  # a picture could not be written: no thread may be inside torch when Python ends
        engine.close()
        raise
    engine.close()
    console.print(summary(job.result()), markup=False, highlight=False, soft_wrap=True)


def _follow(job: Job, bar: Progress, destination: Destination) -> None:
    task = bar.add_task("Starting", total=None, detail="")
    written = 0
    for event in job.events():
        for picture in job.pictures()[written:]:
            path = destination.path(picture, job.request.model, job.request.count)
            write(path, picture.png)
            written += 1
            bar.stop()  # so that its line and the path do not meet where both are a terminal's
            print(path, flush=True)
            bar.start()
        if (line := shown(event, job.request)) is not None:
            update(bar, task, line)


@dataclass(frozen=True)
class Line:
    """What the bar shows: a phase, how far it is (total None: nobody knows), and the figures behind the bar."""

    phase: str
    done: float = 0
    total: float | None = None
    detail: str = ""


def shown(event: Event, request: GenerationRequest) -> Line | None:
    """The progress line for `event`; None: leave the one that is there."""
    if isinstance(event, Queued):
        return Line("Waiting" if event.position else "Starting")
    if isinstance(event, Downloading):
        amount = f"{bytes_text(event.done_bytes)} of {bytes_text(event.total_bytes)}" if event.total_bytes else ""
        return Line(f"Downloading {event.model}", event.done_bytes, event.total_bytes or None, amount)
    if isinstance(event, Loading):
        return Line(f"Loading {event.component}", event.done, event.total, f"{event.done} of {event.total} parts")
    if isinstance(event, Encoding):
        return Line("Reading the prompt")
    if isinstance(event, Step):
        which = f"Developing {event.index + 1} of {request.count}" if request.count > 1 else "Developing"
        pace = f"{seconds_text(event.seconds_per_step)} a step, {seconds_text(event.seconds_left)} left"
        return Line(which, event.done, event.total, f"step {event.done} of {event.total}, {pace}")
    if isinstance(event, Decoding):
        return Line("Decoding")
    if isinstance(event, Silent):
        return Line(f"Nothing heard for {seconds_text(event.seconds)}; it may hang")
    return None


def summary(finished: Finished) -> str:
    """Where the time went, and what the user should know."""
    times = finished.timings
    parts = (*(("download",) if times.download else ()), "load", "text", "denoise", "decode")
    figures = ", ".join(f"{name} {seconds_text(getattr(times, name))}" for name in parts)
    line = (
        f"{seconds_text(times.total)} in all: {figures}; {seconds_text(times.seconds_per_step)} a step, "
        f"peak {bytes_text(finished.peak_memory_bytes)}, on {finished.device}"
    )
    return "\n".join(one_line(text) for text in (line, *finished.notes))


def progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal)


def update(bar: Progress, task: TaskID, line: Line) -> None:
    bar.update(task, description=plain(line.phase), completed=line.done, total=line.total, detail=plain(line.detail))
