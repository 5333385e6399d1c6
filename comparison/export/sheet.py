"""The contact sheet: every picture of a run on one PNG, on strips of film with their figures, to post and to pin up."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colours import DARK, LIGHT
from comparison.export import files
from comparison.export.canvas import Canvas
from comparison.export.files import Read
from comparison.export.labels import labels
from comparison.export.layout import layout
from comparison.export.texts import TEXTS
from comparison.record import RunRecord
from generation import mark

PLAN = "darkroom-plan"  # the chunk that says what was compared, as JSON


def png(
    record: RunRecord, read: Read, *, baseline: str | None = None, language: str = "en", light: bool = False
) -> bytes:
    """The sheet as a PNG, at most layout.MOST pixels high and wide unless there are very many pictures."""
    texts = TEXTS[language]
    sizes = [(cell.request.width, cell.request.height) for cell in record.cells if cell.request] or [(512, 512)]
    widest, highest = (max(sides) for sides in zip(*sizes, strict=True))
    canvas = Canvas(layout(labels(record, texts, baseline), widest, highest), LIGHT if light else DARK, texts)
    for cell in record.cells:
        canvas.cell(cell, record.plan.models.index(cell.model), files.image(cell, read))
    return _encoded(canvas.image, record)


def _encoded(image: Image.Image, record: RunRecord) -> bytes:
    info = PngInfo()
    info.add_itxt(mark.KEYWORD, mark.XMP)
    info.add_itxt(PLAN, record.plan.model_dump_json())
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
