"""What `--teacher` and `--data` of a command come to: a model, and pictures with captions as it encodes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from accelerate import PartialState
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from models.progress import Downloading, Loading, Report
from training import latents
from training.data import sources
from training.data.sources import Columns
from training.data.stored import store
from training.denoiser import Stored
from training.setup import Setup
from training.teacher import Teacher, load

ENCODED = "encoded"  # folder in --work
SHOWN = 8  # captions of which a sheet shows samples


@dataclass(frozen=True, kw_only=True)
class Data:
    """What a command's options say of its pictures."""

    where: str  # as `--data` has it; "": those that `base` has stored
    base: Path  # the folder of these
    columns: Columns
    split: str = "train"
    size: int = 0  # pixels of a side; 0: the teacher's own


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A teacher and what is learned from."""

    teacher: Teacher
    stored: Stored
    captions: tuple[str, ...]  # the first ones, to show samples of; none of what `base` has stored


def prepare(named: str, data: Data, work: Path, setup: Setup, least: int = 1) -> Lesson:
    """The teacher of that name or folder, and the pictures, encoded now as far as they are not in `work`.

    `least`: pictures of a batch. Raises ConfigError, ModelUnavailable.
    """
    with told() as report, PartialState().main_process_first():
        teacher = load(named, setup.where().type, report, setup.precision)
    if not data.where:
        factor = teacher.pipeline.vae.config.scaling_factor
        return Lesson(teacher=teacher, stored=latents.load_all(data.base, factor), captions=())
    source = sources.find(data.where, data.columns, data.split)
    with PartialState().main_process_first():  # it encodes, and the others find all of it there
        stored = store(source, teacher, work / ENCODED, side=data.size, least=least)
    return Lesson(
        teacher=teacher,
        stored=stored,
        captions=tuple(pair.captions[0] for pair in islice(source.pairs(), SHOWN)),
    )


@contextmanager
def told() -> Iterator[Report]:
    """A bar of what is downloaded and loaded."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(event: Downloading | Loading) -> None:
            if isinstance(event, Downloading):
                said = f"Downloading {event.model} {event.file}"
                bar.update(task, description=said, completed=event.done_bytes, total=event.total_bytes or None)

        yield report
