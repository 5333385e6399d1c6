"""The app's end-to-end time for a picture over a bare pipeline call for the same work, and what previews add."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import torch

from benchmarks.ratio import Ratio, measured
from config import Config
from generation.engine import Engine
from generation.request import GenerationRequest, complete
from generation.settings import PreviewMode
from models.checkpoint import assembled
from models.device import Device, choose
from models.registry import registry
from models.spec import ModelSpec

Tell = Callable[[str], None]
GOAL = 1.05
STEP_SECONDS = 0.1  # the goal is meant for steps of at least this; a shorter one shows more of the app
SIDES = (192, 256, 384, 512, 768, 1024)  # pixels
PROMPT = "a lighthouse on a cliff in a storm"


def overhead(config: Config, device: str, rounds: int, steps: int, tell: Tell) -> Iterator[Ratio]:
    """The app over the bare pipeline, and each way of previewing over none, on a model with random weights."""
    from benchmarks import random_model

    with TemporaryDirectory(prefix="darkroom-bench-") as folder:
        tell("building a model with random weights")
        spec = random_model.build(Path(folder))
        bare = Bare(spec, choose(device))
        side, seconds = bare.side()
        tell(f"random weights, {spec.parameters / 1e6:.0f} million: {seconds * 1000:.0f} ms a step at {side}x{side}")
        modes = {f"app, previews {mode}": mode for mode in get_args(PreviewMode)}
        with _engine(config, spec, device) as engine:
            request = engine.request({"prompt": PROMPT, "seed": 1, "steps": steps, "width": side, "height": side})
            cases: dict[str, Callable[[], object]] = {"bare pipeline": lambda: bare(request)}
            for name, mode in modes.items():
                cases[name] = lambda mode=mode: engine.submit(request, preview=mode).result()  # type: ignore[misc]
            seconds_of = measured(cases, rounds, tell)
    on = "app, previews linear"
    yield Ratio(f"{on} / bare pipeline", seconds_of[on], seconds_of["bare pipeline"], GOAL)
    off = "app, previews off"
    yield Ratio(f"{off} / bare pipeline", seconds_of[off], seconds_of["bare pipeline"])
    for mode in ("linear", "taesd", "vae"):
        yield Ratio(f"previews {mode} / off", seconds_of[f"app, previews {mode}"], seconds_of[off])


def mini(config: Config, device: str, rounds: int, tell: Tell) -> Iterator[Ratio]:
    """Seconds for a picture of the embedded model at its defaults, over the bare pipeline's."""
    spec = next(spec for spec in config.models if spec.name == config.default_model)
    if not spec.local or not Path(spec.repo).is_dir():
        tell(f"{spec.name} is not on the disk: left out")
        return
    bare = Bare(spec, choose(device))
    with _engine(config, spec, device) as engine:
        request = engine.request({"prompt": spec.examples[0], "seed": 1})
        app, pipeline = f"{spec.name}, a picture", "bare pipeline"
        cases = {app: lambda: engine.submit(request).result(), pipeline: lambda: bare(request)}
        seconds = measured(cases, rounds, tell)
    yield Ratio(f"{app} / {pipeline}", seconds[app], seconds[pipeline])


def minis(config: Config, device: str, rounds: int, tell: Tell) -> Iterator[Ratio]:
    """Seconds for a picture of each other embedded model over the default one's, through the bare pipeline."""
    specs = registry([spec for spec in config.models if spec.local and Path(spec.repo).is_dir()])
    if config.default_model not in specs or len(specs) < 2:
        tell("there are no two models on the disk that ship along: left out")
        return
    asked = {"prompt": specs[config.default_model].examples[0], "seed": 1}
    cases: dict[str, Callable[[], object]] = {}
    for name, spec in specs.items():
        bare, request = Bare(spec, choose(device)), complete({**asked, "model": name}, specs, name, config.limits)
        cases[name] = lambda bare=bare, request=request: bare(request)  # type: ignore[misc]
    seconds = measured(cases, rounds, tell)
    for name in specs:
        if name != config.default_model:
            ratio = f"a picture of {name} / of {config.default_model}"
            yield Ratio(ratio, seconds[name], seconds[config.default_model])


class Bare:
    """The stock pipeline as anybody would call it, in the precision that the app chose, in a thread of its own."""

    def __init__(self, spec: ModelSpec, device: Device) -> None:
        self._thread = ThreadPoolExecutor(1)  # as the app's: torch keeps a pool of threads for each that calls it
        suited = device.suited_to(spec.parameters)
        self._pipeline = assembled(spec, suited).pipeline.to(suited.kind)

    def __call__(self, request: GenerationRequest) -> object:
        return self._thread.submit(self._image, request).result()

    def side(self) -> tuple[int, float]:
        """The smallest side whose steps are slow enough for the goal, else the largest; and the seconds of a step."""
        for side in SIDES:
            seconds = self._thread.submit(self._step_seconds, side).result()
            if seconds >= STEP_SECONDS:
                break
        return side, seconds

    def _step_seconds(self, side: int) -> float:
        moments: list[float] = []

        def note(*arguments: Any) -> dict[str, Any]:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            moments.append(time.perf_counter())
            return {}

        self._pipeline(PROMPT, width=side, height=side, num_inference_steps=4, callback_on_step_end=note)
        return (moments[-1] - moments[0]) / (len(moments) - 1)

    def _image(self, request: GenerationRequest) -> Any:
        return self._pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt or None,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance_scale,
            width=request.width,
            height=request.height,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        ).images[0]


@contextmanager
def _engine(config: Config, spec: ModelSpec, device: str) -> Iterator[Engine]:
    engine = Engine({spec.name: spec}, default_model=spec.name, device=device, preview=config.preview)
    engine.start()
    try:
        yield engine
    finally:
        engine.close()
