"""Judges a model: draws held-out prompts and counts what the pictures show. `python -m training judge --help`"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import DiffusionPipeline
from rich.console import Console
from rich.progress import track
from rich.table import Table

import config
from errors import ConfigError
from judging.drawing import Pixels
from judging.scenes import COLOURS, SHAPES, Scene, random_scene
from judging.seeing import Seen, see
from judging.verdict import both_right, verdict
from models.checkpoint import assembled
from models.device import choose
from models.files import INDEX
from training.shapes.captions import plain_caption

WEIGHTS = Path(__file__).parent.parent / "models" / "weights"
STEPS = 20
GUIDANCE = 3.0
BATCH = 10
GOALS = {"background": 0.98, "colour": 0.95, "shape": 0.95, "both": 0.80}


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How many of the pictures show what was asked for."""

    background: float  # of all
    colour: float  # of those with one object
    shape: float
    size: float
    place: float
    both: float  # of those with two objects: both colours, both shapes, the relation

    def passed(self) -> bool:
        return all(getattr(self, name) >= goal for name, goal in GOALS.items())

    def beats(self, other: Shares) -> bool:
        """In what guidance is for: shapes, and two objects at once."""
        return self.shape > other.shape and self.both > other.both


@dataclass(frozen=True, kw_only=True)
class Avoided:
    """How often a colour is drawn where the prompt leaves it open, without and with it as the negative prompt."""

    colour: str
    without: float
    named: float


def main(
    model: Annotated[str, typer.Option(help="An embedded model's name or a checkpoint folder.")] = "mini-sd",
    prompts: Annotated[int, typer.Option(min=1, help="Held-out prompts, half of them with two objects.")] = 200,
    steps: Annotated[int, typer.Option(min=1, help="Denoising steps.")] = STEPS,
    guidance: Annotated[float, typer.Option(help="Guidance scale.")] = GUIDANCE,
    negatives: Annotated[
        int, typer.Option(min=0, help="Pictures for each colour named as negative prompt; 0: none.")
    ] = 48,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: as torch chooses.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Judge a model at these settings, at guidance 1, and with negative prompts.

    Exits 1 if it misses the goals, or if guidance is no gain.
    """
    if threads:
        torch.set_num_threads(threads)
    pipeline = load(model)
    scenes = held_out_scenes(prompts)
    guided = judge(pipeline, scenes, steps, guidance)
    unguided = judge(pipeline, scenes, steps, 1.0)
    avoided = avoidance(pipeline, negatives, steps, guidance) if negatives else []
    if as_json:
        found = {"guided": asdict(guided), "unguided": asdict(unguided), "negative": [asdict(a) for a in avoided]}
        typer.echo(json.dumps(found, indent=2))
    else:
        print_tables(guided, unguided, avoided, guidance)
    raise typer.Exit(0 if guided.passed() and guided.beats(unguided) else 1)


def load(model: str) -> DiffusionPipeline:
    """From the name of a model in config.yaml, or a whole checkpoint folder, in full precision. Raises ConfigError."""
    device = replace(choose("auto"), dtype="float32")
    known = {spec.name: spec for spec in config.load(WEIGHTS.parents[1] / "config.yaml").models}
    if model in known:
        return assembled(known[model], device).pipeline.to(device.kind)
    if not (Path(model) / INDEX).is_file():
        raise ConfigError(
            f"--model {model} is neither a model of config.yaml ({', '.join(known)}) nor a folder with {INDEX}."
        )
    pipeline = DiffusionPipeline.from_pretrained(model, dtype=torch.float32).to(device.kind)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def held_out_scenes(count: int, seed: int = 20261121) -> list[Scene]:
    """Scenes of combinations that were never trained on, with one object and with two in turn."""
    rng = np.random.default_rng(seed)
    return [random_scene(rng, 1 + number % 2, judging=True) for number in range(count)]


def plain_captions(count: int) -> list[str]:
    """Of held-out scenes."""
    return [plain_caption(scene) for scene in held_out_scenes(count)]


def draw_all(
    pipeline: DiffusionPipeline, prompts: Sequence[str], steps: int, guidance: float, negative: str = ""
) -> list[Pixels]:
    """One picture of each prompt; the seed is its number."""
    pictures: list[Pixels] = []
    starts = range(0, len(prompts), BATCH)
    for start in track(starts, f"guidance {guidance:g} {negative}", console=Console(stderr=True), transient=True):
        part = list(prompts[start : start + BATCH])
        drawn = pipeline(
            part,
            negative_prompt=[negative] * len(part),
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator("cpu").manual_seed(start + i) for i in range(len(part))],
        )
        pictures += [np.asarray(image) for image in drawn.images]
    return pictures


def judge(pipeline: DiffusionPipeline, scenes: Sequence[Scene], steps: int, guidance: float) -> Shares:
    pictures = draw_all(pipeline, [plain_caption(scene) for scene in scenes], steps, guidance)
    return shares(scenes, [see(picture) for picture in pictures])


def shares(scenes: Sequence[Scene], seen: Sequence[Seen]) -> Shares:
    both = list(zip(scenes, seen, strict=True))
    ones = [verdict(scene, found) for scene, found in both if len(scene.items) == 1]
    return Shares(
        background=share([found.background == scene.background for scene, found in both]),
        **{key: share([one[key] for one in ones]) for key in ("colour", "shape", "size", "place")},
        both=share([both_right(scene, found) for scene, found in both if len(scene.items) == 2]),
    )


def share(right: Sequence[bool]) -> float:
    return sum(right) / max(1, len(right))


def avoidance(pipeline: DiffusionPipeline, count: int, steps: int, guidance: float) -> list[Avoided]:
    """Prompts that leave the colour open, with each of several colours as negative prompt."""
    prompts = [f"a {SHAPES[number % len(SHAPES)]} on a white background" for number in range(count)]

    def colours(negative: str) -> list[str]:
        seen = [see(picture) for picture in draw_all(pipeline, prompts, steps, guidance, negative)]
        return [thing.colour for one in seen for thing in one.things]

    without = colours("")
    return [
        Avoided(
            colour=colour,
            without=without.count(colour) / count,
            named=colours(colour).count(colour) / count,
        )
        for colour in sorted(set(COLOURS) - {"white"}, key=without.count, reverse=True)[:6]
    ]


def print_tables(guided: Shares, unguided: Shares, avoided: Sequence[Avoided], guidance: float) -> None:
    console = Console()
    table = Table("what is right", f"guidance {guidance:g}", "guidance 1", "goal", title="Held-out prompts")
    for name in asdict(guided):
        goal = f"≥ {GOALS[name]:.0%}" if name in GOALS else ""
        table.add_row(name, f"{getattr(guided, name):.1%}", f"{getattr(unguided, name):.1%}", goal)
    console.print(table)
    if avoided:
        table = Table("colour", "share, left open", "share, as negative prompt", title="Negative prompt")
        for one in avoided:
            table.add_row(one.colour, f"{one.without:.1%}", f"{one.named:.1%}")
        console.print(table)
