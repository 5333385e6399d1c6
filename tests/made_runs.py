"""Comparisons as they are kept, with real PNG files, made in no time."""

from io import BytesIO
from typing import Any

from PIL import Image

from comparison import pixels
from comparison.plan import Plan, cells
from comparison.record import CellRecord, Measured, Picture, RunRecord, State
from generation import infotext
from generation.request import GenerationRequest
from tests.pictures import models

HOSTILE = "<img src=x onerror=window.struck=1>\"'&</script><script>window.struck=1</script>"
SECONDS = {"big": 4.0, "small": 2.5}  # a picture of each model


class Made:
    """A finished run of two models, and its files by name."""

    def __init__(self, *prompts: str, frames: int = 0, side: int = 32, **axes: Any) -> None:
        self.files: dict[str, bytes] = {}
        self.side, self.frames = side, frames
        plan = Plan(**{"prompts": prompts or ("a lighthouse",), "models": ("big", "small"), "seeds": (7,)} | axes)
        self.record = RunRecord(
            id="0123456789abcdef" * 2,
            created=1_767_225_600.0,
            plan=plan,
            made_with={"torch": "2.13.0", "diffusers": "0.42.0", "machine": "Linux x86_64"},
            titles={model: model.capitalize() for model in plan.models},
            cells=tuple(self._cell(cell.number, cell.row, cell.model, cell.asked) for cell in cells(plan)),
        )

    def read(self, name: str) -> bytes:
        """As Runs.file has it for one run."""
        return self.files[name]

    def changed(self, number: int, **changes: Any) -> RunRecord:
        """The run with another cell `number`."""
        those = list(self.record.cells)
        those[number] = those[number].model_copy(update=changes)
        return self.record.model_copy(update={"cells": tuple(those)})

    def failed(self, number: int, error: str) -> RunRecord:
        """The run, in which that cell failed."""
        return self.changed(number, state=State.FAILED, error=error, picture=None, measured=None, quality={})

    def _cell(self, number: int, row: int, model: str, asked: dict[str, Any]) -> CellRecord:
        defaults: dict[str, Any] = {"negative_prompt": "", "steps": 20, "guidance_scale": 3.0, "sampler": "Euler"}
        request = GenerationRequest(**defaults | {"width": self.side, "height": self.side} | asked)
        colour = (40 + 60 * row % 200, 200 - 90 * number % 200, 90)
        image = Image.new("RGB", (request.width, request.height), colour)
        name = f"{number:04}.png"
        self.files[name] = infotext.png(image, infotext.write(request, models()["mini-sd"]))
        steps = tuple(range(1, self.frames + 1))
        names = tuple(f"{number:04}-{step:04}.jpg" for step in steps)
        self.files |= dict(zip(names, (_jpeg(image) for _ in names), strict=True))
        seconds = SECONDS.get(model, 1.0)
        return CellRecord(
            number=number, row=row, model=model, state=State.DONE, request=request, quality={"judge": 0.5 + row / 10},
            measured=Measured(
                download=0.0, load=0.0 if row else 9.0, text=0.1, denoise=seconds - 0.3, decode=0.2,
                total=seconds + (0.0 if row else 9.0), seconds_per_step=seconds / 20,
                peak_memory_bytes=7_000_000_000, parameters=2_230_000_000, steps=request.steps, passes=2,
                device="NVIDIA H200, float16",
            ),
            picture=Picture(
                file=name, width=image.width, height=image.height, sha256="0" * 64,
                pixels_sha256=pixels.sha256(image), frames=names, frame_steps=steps,
            ),
        )  # fmt: skip


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()
