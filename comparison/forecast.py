"""What a comparison comes to, before it is started: pictures, loads, downloads, and the time as far as it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from comparison.plan import Plan
from comparison.recipe import Recipe
from comparison.record import CellRecord, RunRecord
from comparison.requests import completed
from generation.engine import Engine
from generation.events import Timings
from generation.pace import Pace
from generation.request import GenerationRequest
from models.storage import State, missing_bytes

Requests = Mapping[str, Sequence[GenerationRequest]]  # by model, in the order of running


@dataclass(frozen=True)
class Forecast:
    """What is ahead, if nobody else uses the device."""

    pictures: int  # that will be made
    refused: tuple[tuple[int, str], ...]  # numbers of cells that their model can't do, each with the reason
    loads: int  # how often a model is put onto the device
    download_bytes: int
    seconds: float | None  # for all, without downloads; None: of some models nothing was measured yet
    known_seconds: float  # of that for the models that something was measured of
    unknown: tuple[str, ...]  # the other models


def forecast(wanted: Plan | Recipe, engine: Engine, earlier: Iterable[RunRecord] = ()) -> Forecast:
    """Of what is `wanted` on `engine`, with the help of `earlier` runs, newest first.

    Raises InvalidRequest for what is not run at all.
    """
    cells = completed(wanted, engine)
    asked: Requests = {
        name: requests
        for name in dict.fromkeys(cell.model for cell in cells)
        if (requests := [cell.request for cell in cells if cell.request and not cell.error and cell.model == name])
    }
    loads = _loads(asked, engine)
    paces = (engine.pace, remembered(earlier, engine))
    specs = [engine.models[name] for name in asked]
    seconds = {name: _seconds(requests, name in loads, paces) for name, requests in asked.items()}
    known = [it for it in seconds.values() if it is not None]
    return Forecast(
        pictures=sum(map(len, asked.values())),
        refused=tuple((cell.number, cell.error) for cell in cells if cell.error),
        loads=len(loads),
        download_bytes=sum(map(missing_bytes, specs)) + engine.safeguard.missing_bytes(specs),
        seconds=sum(known) if len(known) == len(asked) else None,
        known_seconds=sum(known),
        unknown=tuple(name for name in asked if seconds[name] is None),
    )


def remembered(earlier: Iterable[RunRecord], engine: Engine) -> Pace:
    """What `earlier` runs, newest first, took on the very device that `engine` has now."""
    pace, device = Pace(engine.models), engine.device()
    for record in reversed(list(earlier)):
        for cell in record.cells:
            spec = engine.models.get(cell.model)
            if device and spec and cell.measured and cell.measured.device == device.suited_to(spec.parameters).label:
                _note(pace, cell)
    return pace


def _note(pace: Pace, cell: CellRecord) -> None:
    took = cell.measured
    if took and cell.request:
        times = Timings(
            download=took.download, load=took.load, total=took.total, seconds_per_step=took.seconds_per_step
        )
        pace.measured(cell.request, times, loaded=took.load > 0)


def _loads(wanted: Requests, engine: Engine) -> list[str]:
    """The models that will have to be put onto the device, which holds so many and no more."""
    there = [name for name, state in engine.states().items() if state is State.ON_DEVICE]
    loads = []
    for name in wanted:
        if name not in there:
            loads.append(name)
        there = [*(it for it in there if it != name), name][-engine.resident :]
    return loads


def _seconds(requests: Sequence[GenerationRequest], load: bool, paces: Sequence[Pace]) -> float | None:
    """For all `requests` on one model, by the first of `paces` that knows; None: none does."""
    seconds = []
    for number, request in enumerate(requests):
        on_device = number > 0 or not load
        known = (pace.seconds(request, on_device) for pace in paces)
        seconds.append(next((it for it in known if it is not None), None))
    return None if None in seconds else sum(it for it in seconds if it is not None)
