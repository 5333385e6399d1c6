"""A contact sheet while it is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image, ImageDraw, ImageFilter

from comparison.export.labels import caption, lack
from comparison.export.layout import Layout
from comparison.export.texts import Texts
from comparison.record import CellRecord

FILM, HOLE, FRAME = "#191513", "#4a423c", "#0d0b0a"  # film is film, in the dark and by daylight
PRINT, FAULT = "#c9b8a8", "#ff8f7a"  # what is written on it


class Canvas:
    """Draws all but the pictures at once; `cell` adds those."""

    def __init__(self, plan: Layout, colours: Mapping[str, str], texts: Texts) -> None:
        self._plan, self._colours, self._texts = plan, colours, texts
        self.image = Image.new("RGB", plan.size, colours["room"])
        self._draw = ImageDraw.Draw(self.image)
        self._head()
        for block in range(plan.blocks):
            self._headings(block)
        for row in range(len(plan.labels.rows)):
            self._strip(row)
            self._label(row)
        self._foot()

    def cell(self, cell: CellRecord, column: int, picture: Image.Image | None) -> None:
        """`picture` in its frame with its figures below, or why there is none."""
        left, top = self._plan.frame_at(cell.row, column)
        if picture is None:
            self._reason(cell, left, top)
            return
        wide, high = self._plan.width_of_picture, self._plan.height_of_picture
        shown = _fitted(picture, wide, high)
        self.image.paste(shown, (left + (wide - shown.width) // 2, top + (high - shown.height) // 2))
        words = self._plan.plain.lines(caption(cell, self._texts), wide, 1)
        baseline = top + high + round(1.25 * self._plan.unit)
        for line in words:
            self._plan.plain.draw(self._draw, (left, baseline), line, PRINT)

    def _head(self) -> None:
        """The lamp, the name, what was compared."""
        plan, u = self._plan, self._plan.unit
        x, y = plan.margin, plan.margin + u
        self._lamp(x + 0.45 * u, y - 0.38 * u)
        plan.strong.draw(self._draw, (x + round(1.5 * u), y), "Darkroom", self._colours["ink"])
        y += round(1.5 * u)
        for lettering, lines, colour in ((plan.large, plan.headline, "ink"), (plan.plain, plan.held, "dim")):
            for line in lines:
                y += lettering.leading
                lettering.draw(self._draw, (x, y), line, self._colours[colour])
            y += round(0.45 * u)

    def _lamp(self, x: float, y: float) -> None:
        """The safelight, with its glow where it is dark."""
        u, scale = self._plan.unit, 4
        side = 8 * u
        light = Image.new("L", (side * scale, side * scale))
        middle, radius = side * scale / 2, 0.42 * u * scale
        ImageDraw.Draw(light).ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=255)
        bulb = light.resize((side, side), Image.Resampling.LANCZOS)
        corner = (round(x - side / 2), round(y - side / 2))
        if self._colours["room"] == FRAME:
            glow = bulb.filter(ImageFilter.GaussianBlur(0.9 * u)).point([min(255, 2 * value) for value in range(256)])
            self.image.paste(self._colours["lamp"], corner, glow)
        self.image.paste(self._colours["lamp"], corner, bulb)

    def _headings(self, block: int) -> None:
        """Title, settings and costs above every column, and how long a picture takes as a line."""
        plan = self._plan
        slowest = max((one.seconds or 0 for one in plan.labels.columns), default=0)
        for number, (column, heading) in enumerate(zip(plan.labels.columns, plan.headings, strict=True)):
            left, bottom = plan.frame_at(block * plan.rows_of_block, number)[0], plan.top + plan.heading_height
            y = plan.top
            fonts = (plan.strong, plan.plain, plan.plain, plan.plain)
            colours = ("ink", "dim", "ink", "dim" if column.against == self._texts["baseline"] else "accent")
            for lettering, lines, colour in zip(fonts, heading, colours, strict=True):
                for line in lines:
                    y += plan.plain.leading
                    lettering.draw(self._draw, (left, y), line, self._colours[colour])
            if column.seconds:
                self._bar(left, bottom - plan.unit, column.seconds / slowest)

    def _bar(self, x: int, y: int, share: float) -> None:
        wide, high = self._plan.width_of_picture, max(2, round(0.2 * self._plan.unit))
        self._draw.rectangle((x, y, x + wide - 1, y + high - 1), fill=self._colours["line"])
        self._draw.rectangle((x, y, x + max(high, round(wide * share)) - 1, y + high - 1), fill=self._colours["lamp"])

    def _strip(self, row: int) -> None:
        """The film of a row with its holes."""
        plan = self._plan
        left, top = plan.strip_at(row)
        wide, high = plan.strip
        self._draw.rounded_rectangle((left, top, left + wide - 1, top + high - 1), plan.unit // 6, fill=FILM)
        hole_wide, hole_high, step = round(0.5 * plan.unit), round(0.42 * plan.unit), round(1.15 * plan.unit)
        count = (wide - step // 2) // step
        start = left + (wide - (count - 1) * step - hole_wide) // 2
        inset = (plan.holes - hole_high) // 2
        for y in (top + inset, top + high - inset - hole_high):
            for x in range(start, start + count * step, step):
                self._draw.rounded_rectangle((x, y, x + hole_wide, y + hole_high), max(1, plan.unit // 10), fill=HOLE)

    def _label(self, row: int) -> None:
        """The words left of a strip."""
        plan, label = self._plan, self._plan.labels.rows[row]
        if not plan.label_width:
            return
        left, top = plan.label_at(row)
        y, room = top, (plan.strip[1] // plan.plain.leading) - 1
        axes = plan.plain.lines(label.axes, plan.label_width, 2)
        prompt = plan.plain.lines(plan.prompt(row), plan.label_width, max(1, room - len(axes)))
        for lines, colour in ((prompt, "ink"), (axes, "dim")):
            for line in lines:
                y += plan.plain.leading
                plan.plain.draw(self._draw, (left, y), line, self._colours[colour])

    def _reason(self, cell: CellRecord, left: int, top: int) -> None:
        """What became of a picture that is not there."""
        plan = self._plan
        wide, high = plan.width_of_picture, plan.height_of_picture
        self._draw.rectangle((left, top, left + wide - 1, top + high - 1), fill=FRAME)
        inset = round(0.9 * plan.unit)
        title = plan.strong.lines(lack(cell, self._texts), wide - 2 * inset, 3)
        room = (high - 2 * inset) // plan.plain.leading - len(title)
        reason = plan.plain.lines(cell.error or "", wide - 2 * inset, room) if room > 0 else []
        y = top + inset // 2
        for lettering, lines, colour in (
            (plan.strong, title, FAULT if cell.error else PRINT),
            (plan.plain, reason, PRINT),
        ):
            for line in lines:
                y += plan.plain.leading
                lettering.draw(self._draw, (left + inset, y), line, colour)

    def _foot(self) -> None:
        """Machine, versions, when, and what made the pictures."""
        plan = self._plan
        width, height = plan.size
        lines = [*plan.footer, f"{self._texts['generated']} · {plan.labels.made}"]
        y = height - plan.margin - len(lines) * plan.plain.leading
        self._draw.rectangle((plan.margin, y, width - plan.margin - 1, y), fill=self._colours["line"])
        y += round(0.4 * plan.unit)
        for line in lines:
            y += plan.plain.leading
            plan.plain.draw(self._draw, (plan.margin, y), line, self._colours["dim"])


def _fitted(picture: Image.Image, wide: int, high: int) -> Image.Image:
    """At most so large; enlarged to twice its size at most, without inventing anything between its pixels."""
    scale = min(wide / picture.width, high / picture.height, 2.0)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
