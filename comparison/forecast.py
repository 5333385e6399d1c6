"""What a comparison comes to, before it is started: pictures, loads, downloads, and the time as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass

from comparison.plan import Cell, Plan, cells, count
from comparison.record import CellRecord, State
from errors import InvalidRequest
from generation.engine import Engine
from models.storage import State as Stored
from models.storage import missing_bytes


@dataclass(frozen=True)
class Forecast:
    """What is ahead."""

    pictures: int  # that will be made
    refused: tuple[tuple[int, str], ...]  # cells that their model can't do, each with the reason
    loads: int  # models that are not on the device
    download_bytes: int
    seconds: float | None  # for all, without downloads; None: of some models nothing was measured yet
    known_seconds: float  # of that for the models that something was measured of
    unknown: tuple[str, ...]  # the other models


def forecast(plan: Plan, engine: Engine) -> Forecast:
    """Of `plan` on `engine`. Raises InvalidRequest for a plan that is not run at all."""
    done = completed(plan, engine)
    names = [name for name in plan.models if any(cell.request and cell.model == name for cell in done)]
    states = engine.states()
    seconds = {name: _seconds(name, done, engine, states[name] is Stored.ON_DEVICE) for name in names}
    known = [it for it in seconds.values() if it is not None]
    return Forecast(
        pictures=sum(cell.request is not None for cell in done),
        refused=tuple((cell.number, cell.error or "") for cell in done if cell.request is None),
        loads=sum(states[name] is not Stored.ON_DEVICE for name in names),
        download_bytes=sum(missing_bytes(engine.models[name]) for name in names),
        seconds=sum(known) if len(known) == len(names) else None,
        known_seconds=sum(known),
        unknown=tuple(name for name in names if seconds[name] is None),
    )


def completed(plan: Plan, engine: Engine) -> list[CellRecord]:
    """Every cell with its complete request; one that its model can't do has failed. Raises InvalidRequest."""
    _check(plan, engine)
    return [_completed(cell, engine) for cell in cells(plan)]


def _completed(cell: Cell, engine: Engine) -> CellRecord:
    record = CellRecord(number=cell.number, row=cell.row, model=cell.model)
    try:
        return record.model_copy(update={"request": engine.request(cell.asked)})
    except InvalidRequest as error:
        return record.model_copy(update={"state": State.FAILED, "error": str(error)})


def _check(plan: Plan, engine: Engine) -> None:
    most, wanted = engine.limits.comparison, count(plan)
    if wanted > most:
        raise InvalidRequest(
            f"This comes to {wanted} pictures. At most {most} are made in one comparison; choose fewer "
            "prompts, models or values.",
            "comparison",
        )
    for position, name in enumerate(plan.models):
        if name not in engine.models:
            raise InvalidRequest(f"There is no model {name!r}. Choose from: {', '.join(engine.models)}.", "models")
        if name in plan.models[:position]:
            raise InvalidRequest(f"{name} is named twice. Name each model once.", "models")
    if min(plan.seeds) < 0:
        raise InvalidRequest(f"Seed is {min(plan.seeds)}. All models get the same seed: give one from 0 on.", "seeds")


def _seconds(name: str, done: list[CellRecord], engine: Engine, on_device: bool) -> float | None:
    requests = [cell.request for cell in done if cell.request and cell.model == name]
    seconds = [engine.seconds(request, on_device or number > 0) for number, request in enumerate(requests)]
    known = [it for it in seconds if it is not None]
    return sum(known) if len(known) == len(seconds) else None
