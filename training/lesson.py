"""What `--teacher` and `--data` of a command come to: a model, and pictures with captions as it encodes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from diffusers import SchedulerMixin
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from errors import ConfigError
from models.progress import Downloading, Loading, Report
from training import options
from training.base_training import Stored
from training.data import sources
from training.data.sources import Columns
from training.data.stored import store
from training.judge import plain_captions
from training.loop.samples import STEPS, Sheet, drawn_by
from training.loop.setup import Setup
from training.shapes import latents
from training.teacher import Teacher, load

ENCODED = "encoded"  # folder in --work
SHOWN = 8  # captions of which a sheet shows samples


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a command's options say of its teacher and its pictures."""

    teacher: options.Teacher = "mini-sd"
    data: options.Data = ""
    size: options.Size = 0
    picture_column: options.PictureColumn = ""
    caption_column: options.CaptionColumn = ""
    split: options.Split = "train"
    pictures: options.Pictures = Path("runs/mini")

    @property
    def columns(self) -> Columns:
        return Columns(picture=self.picture_column, caption=self.caption_column)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A teacher and what is learned from."""

    teacher: Teacher
    stored: Stored
    captions: tuple[str, ...]  # some, to show samples of

    def sheet(self, sampled: SchedulerMixin | None = None, steps: int = STEPS) -> Sheet:
        """Samples of a student on its way, in place of the teacher's U-Net; `sampled`: None: as the teacher is."""
        pipeline = self.teacher.pipeline
        if sampled is not None:
            pipeline.register_modules(scheduler=sampled)
        return drawn_by(pipeline, self.captions, steps)


def teacher_of(material: Material, setup: Setup, parts: int) -> Teacher:
    """The teacher, on the device. `parts` of a training's steps. Raises ConfigError, ModelUnavailable."""
    setup.refuse_lacking(parts)
    with told() as report, setup.in_turn():
        return load(material.teacher, setup.where().type, report, setup.precision)


def prepare(teacher: Teacher, material: Material, work: Path, setup: Setup, least: int = 1) -> Lesson:
    """The pictures as the teacher encodes them, now as far as they are not in `work`.

    `least`: pictures of a batch. Raises ConfigError.
    """
    if not material.data:
        held_out = tuple(plain_captions(SHOWN))
        stored = latents.load_all(material.pictures, teacher.pipeline.vae.config.scaling_factor)
        refuse_unlike(stored, teacher, material.pictures)
        return Lesson(teacher=teacher, stored=stored, captions=held_out)
    source = sources.find(material.data, material.columns, material.split)
    with setup.in_turn():  # the first one encodes all
        stored = store(source, teacher, work / ENCODED, side=material.size, least=least)
    return Lesson(
        teacher=teacher,
        stored=stored,
        captions=tuple(pair.captions[0] for pair in islice(source.pairs(), SHOWN)),
    )


def refuse_unlike(stored: Stored, teacher: Teacher, folder: Path) -> None:
    """Raises ConfigError where the teacher's U-Net takes latents or text states of other widths than those stored."""
    config = teacher.unet.config
    pooled = 0
    if config.get("addition_embed_type") == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    wanted = (config.in_channels, config.cross_attention_dim, pooled)
    there = (stored.latents.shape[1], stored.texts.shape[-1], 0 if stored.pooled is None else stored.pooled.shape[-1])
    if there != wanted:
        has, takes = (
            "latents of {} channels, text states of {} and pooled ones of {}".format(*it) for it in (there, wanted)
        )
        raise ConfigError(
            f"{folder} holds {has}; {teacher.spec.name} takes {takes}. Name the --teacher for which they were stored, "
            "or pictures with --data."
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
