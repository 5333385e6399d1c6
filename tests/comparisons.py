"""A comparison as it is kept, with real pictures in a folder."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from comparison.plan import Plan, cells, settings
from comparison.record import CellRecord, Measured, Picture, RunRecord, State
from generation.request import complete
from generation.settings import Limits
from models.spec import ModelSpec
from tests.pictures import models

PROMPTS = ("a red circle", "a blue square", "a green star")
SIDE = 64  # pixels
STEPS = 6  # frames of a strip


def drawn(seed: int, part: float, side: int = SIDE) -> Image.Image:
    """A shape that gets larger with `part` of 1, of a colour that `seed` decides."""
    image = Image.new("RGB", (side, side), (236, 230, 220))
    radius = side * 0.42 * part
    colour = (40 + seed * 83 % 200, 30 + seed * 47 % 200, 20 + seed * 29 % 200)
    box = (side / 2 - radius, side / 2 - radius, side / 2 + radius, side / 2 + radius)
    (ImageDraw.Draw(image).ellipse if seed % 2 else ImageDraw.Draw(image).rectangle)(box, fill=colour)
    return image


def measured(total: float, steps: int) -> Measured:
    phases: dict[str, Any] = {
        "download": 0.0,
        "load": 0.31,
        "text": 0.012,
        "denoise": total * 0.9,
        "decode": 0.04,
        "total": total,
    }
    rest: dict[str, Any] = {
        "seconds_per_step": total * 0.9 / steps,
        "peak_memory_bytes": 310_000_000,
        "parameters": 7_516_515,
    }
    return Measured(**phases, **rest, steps=steps, passes=2, device="CPU, float32")


def record(folder: Path, plan: Plan, offered: dict[str, ModelSpec] | None = None, **states: Any) -> RunRecord:
    """A run of `plan` with every cell done; `states` are other cells: c3=CellRecord(…)-fields."""
    specs = offered or models()
    rows = settings(plan)
    told = []
    for cell in cells(plan):
        request = complete({"seed": 7} | cell.asked, specs, plan.models[0], Limits())
        number = cell.number + 1
        fields: dict[str, Any] = {
            "number": cell.number,
            "row": cell.row,
            "model": cell.model,
            "request": request,
            "state": State.DONE,
            "measured": measured(0.8 + 0.37 * plan.models.index(cell.model), request.steps),
            "picture": kept(folder, f"{cell.number:04}", number + rows[cell.row].seed, request.steps),
        }
        changes = states.get(f"c{cell.number}", {})
        if changes:
            fields |= {"measured": None, "picture": None} | changes
        told.append(CellRecord(**fields))
    titles = {name: specs[name].title for name in plan.models}
    return RunRecord(
        id="0123456789abcdef" * 2,
        created=1_767_225_600.0,
        plan=plan,
        made_with={"Darkroom": "test"},
        titles=titles,
        cells=tuple(told),
    )


def kept(folder: Path, name: str, seed: int, steps: int) -> Picture:
    """A picture and the frames of its film strip, as files."""
    content = saved(folder / f"{name}.png", drawn(seed, 1.0), "PNG")
    frames, at = [], []
    for index in range(1, STEPS + 1):
        file = f"{name}-{index:03}.webp"
        saved(folder / file, drawn(seed, index / STEPS, 32), "WEBP")
        frames.append(file)
        at.append(max(1, round(index / STEPS * steps)))
    digest = hashlib.sha256(content).hexdigest()
    return Picture(
        file=f"{name}.png",
        width=SIDE,
        height=SIDE,
        sha256=digest,
        pixels_sha256=digest,
        frames=tuple(frames),
        frame_steps=tuple(at),
    )


def saved(path: Path, image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    path.write_bytes(buffer.getvalue())
    return buffer.getvalue()
