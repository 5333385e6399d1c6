"""Comparing for programs: one endpoint that waits until the run is over."""

# No annotations from the future here: gradio reads the types of an endpoint as they stand.
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from pydantic import ValidationError

from comparison.plan import Plan
from comparison.record import RunRecord
from comparison.runs import Runs
from errors import InvalidRequest
from generation.engine import Engine
from models.storage import State
from ui.compare.handlers import under_way
from ui.handlers import refusals_shown
from ui.texts import DEFAULT, TEXTS
from visitors.asking import caller_of

WAIT_SECONDS = 1.0  # between two looks at a run of which nothing is heard


def endpoint(engine: Engine, runs: Runs) -> Callable[..., Any]:
    """What gradio serves as /compare."""

    def compare(
        prompts: list[str],
        models: list[str] | None = None,
        seeds: list[int] | None = None,
        steps: list[int] | None = None,
        guidance_scales: list[float] | None = None,
        samplers: list[str] | None = None,
        negative_prompt: str | None = None,
        width: int | None = None,
        height: int | None = None,
        request: gr.Request = None,  # type: ignore[assignment] # gradio knows it by its type alone
    ) -> Iterator[dict[str, Any]]:
        """Develop every prompt on every model, with the same seeds, and tell what each picture took.

        Models that are left out are all that are on this machine; seeds, 0; whatever else, each model's own. Streams
        the run as it goes on and ends with all of it, as docs/comparison.schema.json describes its cells; the picture
        of a cell is at compare/<id>/<file>.
        """
        here = [name for name, state in engine.states().items() if state is not State.TO_DOWNLOAD]
        asked = {"steps": steps, "guidance_scales": guidance_scales, "samplers": samplers}
        common = {"negative_prompt": negative_prompt, "width": width, "height": height}
        values = {"prompts": prompts, "models": models or here, "seeds": seeds or [0], **asked, **common}
        with refusals_shown(TEXTS[DEFAULT]):
            wanted = _plan({name: it for name, it in values.items() if it is not None})
            yield from _told(runs, runs.start(wanted, caller_of(request)))

    return compare


def _plan(values: dict[str, Any]) -> Plan:
    """Raises InvalidRequest."""
    try:
        return Plan.model_validate({name: tuple(it) if isinstance(it, list) else it for name, it in values.items()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        raise InvalidRequest(f"{field.replace('_', ' ').capitalize()}: {first['msg']}.", field) from None


def _told(runs: Runs, id: str) -> Iterator[dict[str, Any]]:
    """The run at every change. It is stopped with whoever asked for it."""
    seen = 0
    try:
        while True:
            version = runs.changed(id, seen, WAIT_SECONDS)
            record = runs.record(id)
            if version != seen or not under_way(record):
                yield _shown(record)
            if not under_way(record):
                return
            seen = version
    finally:
        runs.stop(id)


def _shown(record: RunRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"owner"})
