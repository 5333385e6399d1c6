"""From a plan to complete requests, one a cell; what is not acceptable is refused before anything runs."""

from __future__ import annotations

from comparison.plan import Cell, Plan, cells, count
from comparison.record import CellRecord, State
from errors import InvalidRequest
from generation.engine import Engine


def completed(plan: Plan, engine: Engine) -> list[CellRecord]:
    """Every cell with its complete request; one that its model can't do has failed.

    Raises InvalidRequest for a plan that is not run at all.
    """
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
