"""Pictures of the held-out prompts, made once by each mini at each setting and kept, batch by batch."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import numpy as np
import torch

import atomic
from judging.drawing import Pixels
from models.loading import Loaded
from models.spec import ModelSpec
from training.report.minis import Mini, Setting, called, load

BATCH = 10  # pictures made at a time

Draw = Callable[[Sequence["Part"]], Iterator[None]]  # yields when each is done


@dataclass(frozen=True)
class Part:
    """A batch of pictures, and the file that keeps them."""

    path: Path
    spec: str  # the model's, as JSON: what goes to another process
    setting: Setting  # of the batch: its seed is the first picture's
    prompts: tuple[str, ...]


def parts(mini: Mini, setting: Setting, count: int, folder: Path) -> list[Part]:
    """The pictures of the first `count` prompts. Other weights, prompts and settings have other files."""
    prompts = mini.world.prompts(count)
    below = folder / f"{mini.name}-{mini.fingerprint}" / setting.name
    found, spec = [], mini.spec.model_dump_json()
    for first in range(0, count, BATCH):
        asked = tuple(prompts[first : first + BATCH])
        key = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:8]
        of_batch = replace(setting, seed=setting.seed + first)
        found.append(Part(below / f"{first:04d}-{key}.npz", spec, of_batch, asked))
    return found


def missing(all_parts: Sequence[Part]) -> list[Part]:
    return [part for part in all_parts if not part.path.exists()]


def read(all_parts: Sequence[Part]) -> list[Pixels]:
    """The pictures in order; all files must be there."""
    return [picture for part in all_parts for picture in np.load(part.path)["pictures"]]


def make(part: Part, device: str) -> None:
    """Draw the batch and keep it."""
    images = called(_loaded(part.spec, device), part.prompts, part.setting)
    content = BytesIO()
    np.savez_compressed(content, pictures=np.stack([np.asarray(image) for image in images]))
    part.path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(part.path, content.getvalue())


@lru_cache(1)
def _loaded(spec: str, device: str) -> Loaded:
    """Each process has the model that it draws with."""
    return load(Mini(ModelSpec.model_validate_json(spec)), device)


@contextmanager
def drawing(processes: int, device: str) -> Iterator[Draw]:
    """Draw parts in so many processes, one thread each: two with one are quicker than one with two. 1: in this one."""
    if processes == 1:
        yield lambda wanted: map(partial(make, device=device), wanted)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_alone) as pool:

        def draw(wanted: Sequence[Part]) -> Iterator[None]:
            for done in as_completed([pool.submit(partial(make, part, device=device)) for part in wanted]):
                yield done.result()

        try:
            yield draw
        except BaseException:  # an interrupt too: what was begun is finished and kept, the rest is not begun
            pool.shutdown(cancel_futures=True)
            raise


def _alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides what becomes of an interrupt
    torch.set_num_threads(1)
