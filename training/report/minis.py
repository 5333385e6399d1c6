"""The minis: which there are, whom each is compared with, and how one is called."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from errors import ConfigError
from generation import samplers
from models.checkpoint import assembled
from models.device import choose
from models.families import wanted
from models.loading import Loaded
from models.spec import Family, ModelSpec
from training.report.worlds import WORLDS, World


@dataclass(frozen=True, order=True)
class Setting:
    """How pictures are made. The first one's seed is `seed`, each further one's is one more."""

    steps: int
    guidance: float
    seed: int = 0

    @property
    def name(self) -> str:
        """As files and records have it."""
        return f"{self.steps}-steps-guidance-{self.guidance:g}" + (f"-seed-{self.seed}" if self.seed else "")


@dataclass(frozen=True)
class Mini:
    """A model of a few million parameters in a folder."""

    spec: ModelSpec

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def world(self) -> World:
        return WORLDS[self.spec.family]

    @property
    def default(self) -> Setting:
        """What the app makes where nobody says otherwise."""
        return self.at(self.spec.steps.default)

    def at(self, steps: int, seed: int = 0) -> Setting:
        """So many steps at its own guidance."""
        guidance = self.spec.guidance_scale.default if self.spec.guidance_scale else 1.0
        return Setting(steps, guidance, seed)

    @cached_property
    def fingerprint(self) -> str:
        """Of all its files, and of what else its pictures depend on. 16 hex digits."""
        found = hashlib.sha256(f"{self.spec.sampler} {self.spec.guidance_rescale}".encode())
        for part in wanted(self.spec):
            folder = Path(part.source.repo) / part.folder
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                found.update(f"{part.name}/{path.relative_to(folder).as_posix()}".encode())
                found.update(path.read_bytes())
        return found.hexdigest()[:16]


def embedded(specs: Sequence[ModelSpec]) -> list[Mini]:
    """Those that ship along and draw a world that can be judged. Raises ConfigError where there are none."""
    found = [Mini(spec) for spec in specs if spec.local and not spec.download_bytes and spec.family in WORLDS]
    if not found:
        families = ", ".join(family.value for family in Family if family in WORLDS)
        raise ConfigError(
            "config.yaml has no model to report on: none has a folder as its repo, download_bytes 0 and a family "
            f"whose pictures can be judged ({families}). Add the entry of a mini."
        )
    return found


def teacher(mini: Mini, minis: Sequence[Mini]) -> Mini:
    """The first mini of the same world: the others were made of it, or are measured by it."""
    return next(other for other in minis if other.world.name == mini.world.name)


def load(mini: Mini, device: str) -> Loaded:
    """By the app's own loader, for one use. Raises ConfigError for a device that is not there, ModelUnavailable."""
    on = choose(device).suited_to(mini.spec.parameters)
    found = assembled(mini.spec, on)
    found.pipeline.to(on.kind)
    return found


def called(loaded: Loaded, prompts: Sequence[str], setting: Setting) -> list[Image.Image]:
    """As the app calls the pipeline, but for previews and files."""
    pipeline: Any = copy.copy(loaded.pipeline)  # the scheduler is this run's
    pipeline.scheduler = samplers.scheduler(
        loaded.spec.sampler, loaded.scheduler_config, seed=setting.seed, steps=setting.steps
    )
    made = pipeline(
        list(prompts),
        negative_prompt=[loaded.spec.negative_prompt] * len(prompts),
        num_inference_steps=setting.steps,
        guidance_scale=setting.guidance,
        guidance_rescale=loaded.spec.guidance_rescale,
        generator=[torch.Generator("cpu").manual_seed(setting.seed + number) for number in range(len(prompts))],
    )
    images: list[Image.Image] = made.images
    return images
