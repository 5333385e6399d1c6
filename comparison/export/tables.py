"""A run as tables for other programs: one line a picture as CSV, everything as JSON (docs/comparison.schema.json)."""

from __future__ import annotations

import csv as lines
import json as text
from collections.abc import Iterable
from io import StringIO
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from comparison.plan import Plan, Setting, settings
from comparison.ranking import Rating
from comparison.record import CellRecord, RunRecord
from comparison.summary import ModelSummary, picture_seconds, summaries

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what spreadsheets take for one, by its start
_ASKED = ("negative_prompt", "steps", "guidance_scale", "sampler")
_SECONDS = ("download", "load", "text", "denoise", "decode", "total")


class Exported(BaseModel):
    """A comparison as JSON. Who made it, and the address that lets others see it, are left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal["darkroom-comparison"] = "darkroom-comparison"
    version: Literal[1] = 1
    created: float  # seconds since 1970, UTC
    plan: Plan
    made_with: dict[str, str]
    titles: dict[str, str]
    cells: tuple[CellRecord, ...]
    models: tuple[ModelSummary, ...]
    ratings: tuple[Rating, ...]


def csv(record: RunRecord) -> str:
    """A header, and a line for each picture. Units stand in the names; texts that a spreadsheet would run are quoted by
    an apostrophe. Write it as "utf-8-sig": without that mark spreadsheets take umlauts for something else.
    """
    rows = figures(record)
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = StringIO()
    writer = lines.DictWriter(buffer, names)
    writer.writeheader()
    writer.writerows({name: _guarded(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def json(record: RunRecord, baseline: str | None, ratings: Iterable[Rating] = ()) -> str:
    """Everything that was measured, and what it comes to beside the model `baseline`."""
    parts = record.model_dump(include={"created", "plan", "made_with", "titles"})
    exported = Exported(
        **parts, cells=record.cells, models=tuple(summaries(record, baseline)), ratings=tuple(ratings)
    )  # fmt: skip
    return exported.model_dump_json(indent=1)


def schema() -> str:
    """What `json` holds, as JSON Schema."""
    return text.dumps(Exported.model_json_schema(mode="serialization"), indent=1, ensure_ascii=False) + "\n"


def figures(record: RunRecord) -> list[dict[str, Any]]:
    """What is known of each cell, by column; None: not known. All have the same columns."""
    rows = settings(record.plan)
    scores = sorted({name for cell in record.cells for name in cell.quality})
    return [_figures(record, cell, rows[cell.row], scores) for cell in record.cells]


def _figures(record: RunRecord, cell: CellRecord, setting: Setting, scores: list[str]) -> dict[str, Any]:
    taken, picture, request = cell.measured, cell.picture, cell.request
    return {
        "cell": cell.number,
        "row": cell.row,
        "model": cell.model,
        "title": record.titles.get(cell.model, cell.model),
        "state": cell.state.value,
        "prompt": setting.prompt,
        "seed": setting.seed,
        **{name: getattr(request, name, None) for name in _ASKED},
        "width_pixels": getattr(request, "width", None),
        "height_pixels": getattr(request, "height", None),
        "picture_seconds": picture_seconds(taken) if taken else None,
        **{f"{name}_seconds": getattr(taken, name, None) for name in _SECONDS},
        "seconds_per_step": getattr(taken, "seconds_per_step", None),
        "guidance_passes": getattr(taken, "passes", None),
        "peak_memory_bytes": getattr(taken, "peak_memory_bytes", None),
        "parameters": getattr(taken, "parameters", None),
        "device": getattr(taken, "device", None),
        **{f"quality_{name}": cell.quality.get(name) for name in scores},
        "replay": getattr(cell.verdict, "same", None),
        "replay_mean_levels": getattr(cell.verdict, "mean", None),
        "replay_psnr_db": getattr(cell.verdict, "psnr", None),
        "file": getattr(picture, "file", None),
        "sha256": getattr(picture, "sha256", None),
        "pixels_sha256": getattr(picture, "pixels_sha256", None),
        "error": cell.error,
        "notes": " ".join(cell.notes) or None,
    }


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
