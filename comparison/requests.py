"""From a plan or a recipe to complete requests, one a cell; what is not acceptable is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from comparison.plan import Cell, Plan, cells, count
from comparison.recipe import Recipe
from comparison.record import CellRecord, State
from errors import InvalidRequest
from generation.engine import Engine
from generation.request import GenerationRequest, check, offered
from safety import prompt


def completed(wanted: Plan | Recipe, engine: Engine) -> list[CellRecord]:
    """Every cell with its complete request; one that its model can't do has failed.

    Raises InvalidRequest for what is not run at all, and RefusedPrompt before any prompt is kept.
    """
    plan = wanted.plan if isinstance(wanted, Recipe) else wanted
    for text in plan.prompts:
        prompt.check(text, engine.safeguard)
    if isinstance(wanted, Recipe):
        _check_count(wanted.plan, engine)
        requests = {cell.number: cell.request for cell in wanted.cells}
        return [_replayed(cell, requests.get(cell.number), engine) for cell in cells(wanted.plan)]
    _check(wanted, engine)
    return [_cell(cell, partial(engine.request, cell.asked)) for cell in cells(wanted)]


def _replayed(cell: Cell, request: GenerationRequest | None, engine: Engine) -> CellRecord:
    def checked() -> GenerationRequest:
        if request is None:
            raise InvalidRequest("The recipe does not have this picture.", "recipe")
        check(request, offered(request.model, engine.models), engine.limits)
        return request

    return _cell(cell, checked).model_copy(update={"request": request})


def _cell(cell: Cell, request: Callable[[], GenerationRequest]) -> CellRecord:
    record = CellRecord(number=cell.number, row=cell.row, model=cell.model)
    try:
        return record.model_copy(update={"request": request()})
    except InvalidRequest as error:
        return record.model_copy(update={"state": State.FAILED, "error": str(error)})


def _check_count(plan: Plan, engine: Engine) -> None:
    most, wanted = engine.limits.comparison, count(plan)
    if wanted > most:
        raise InvalidRequest(
            f"This comes to {wanted} pictures. At most {most} are made in one comparison; choose fewer "
            "prompts, models or values, or set limits.comparison in config.yaml.",
            "comparison",
        )


def _check(plan: Plan, engine: Engine) -> None:
    _check_count(plan, engine)
    for position, name in enumerate(plan.models):
        if name not in engine.models:
            raise InvalidRequest(f"There is no model {name!r}. Choose from: {', '.join(engine.models)}.", "models")
        if name in plan.models[:position]:
            raise InvalidRequest(f"{name} is named twice. Name each model once.", "models")
    if min(plan.seeds) < 0:
        raise InvalidRequest(f"Seed is {min(plan.seeds)}. All models get the same seed: give one from 0 on.", "seeds")
