"""How large everything on a contact sheet is and where it stands, in pixels. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log

from comparison.export.labels import Labels
from comparison.export.lettering import Lettering

MOST = 4096  # of the sheet's sides: what most places still show whole; only runs of a thousand pictures are larger
LARGEST, SMALLEST = 512, 88  # of a picture's longer side
BLOCKS = 12  # beside each other, at most
SHAPE = 1.25  # width to height that is sought
EMPTY = 4.0  # what a share of the sheet without pictures costs, beside the logarithm by which it misses its shape


@dataclass(frozen=True)
class Layout:
    """A sheet whose rows run through blocks, side by side, each with all models as its columns."""

    labels: Labels
    width_of_picture: int  # the room for each
    height_of_picture: int
    rows_of_block: int  # the last one may have fewer

    @cached_property
    def unit(self) -> int:
        """The size of plain text."""
        return max(11, min(24, round(max(self.width_of_picture, self.height_of_picture) / 15)))

    @cached_property
    def margin(self) -> int:
        return round(2.6 * self.unit)

    @cached_property
    def gap(self) -> int:
        """Between frames of a strip."""
        return max(4, round(0.45 * self.unit))

    @cached_property
    def holes(self) -> int:
        """The height of a strip's edge with its holes."""
        return round(1.25 * self.unit)

    @cached_property
    def caption(self) -> int:
        """The height of the line below a picture."""
        return round(1.7 * self.unit)

    @cached_property
    def pitch(self) -> int:
        """From one column to the next."""
        return max(self.width_of_picture, 8 * self.unit) + self.gap

    @cached_property
    def strip(self) -> tuple[int, int]:
        """Width and height of a row's strip."""
        height = 2 * self.holes + self.height_of_picture + self.caption
        return len(self.labels.columns) * self.pitch + self.gap, height

    @cached_property
    def label_width(self) -> int:
        """Of the words left of a strip, without the space beside them; 0 where there are none."""
        texts = self.plain
        if any(row.prompt for row in self.labels.rows):
            return max(self.width_of_picture, 12 * self.unit) - 2 * self.unit
        longest = max(texts.width(row.axes) for row in self.labels.rows)
        return min(ceil(longest), 12 * self.unit) if len(self.labels.rows) > 1 else 0

    @property
    def plain(self) -> Lettering:
        return Lettering(self.unit)

    @property
    def strong(self) -> Lettering:
        return Lettering(round(1.12 * self.unit), bold=True)

    @property
    def large(self) -> Lettering:
        return Lettering(round(1.9 * self.unit), bold=True)

    @cached_property
    def headings(self) -> tuple[tuple[list[str], ...], ...]:
        """Above each column, in lines: title, what it is, what a picture takes and is worth, beside the baseline."""
        width = self.pitch - self.gap - self.unit
        return tuple(
            (
                self.strong.lines(one.title, width, 2),
                [line for text in one.about for line in self.plain.lines(text, width, 2)],
                self.plain.lines(one.took, width, 1) + self.plain.lines(one.scores, width, 1),
                self.plain.lines(one.against, width, 1),
            )
            for one in self.labels.columns
        )

    @cached_property
    def heading_height(self) -> int:
        """From the top of the headings to the first strip."""
        heights = (sum(len(lines) * self.plain.leading for lines in heading) for heading in self.headings)
        return max(heights) + round(1.9 * self.unit)

    @cached_property
    def headline(self) -> list[str]:
        return self.large.lines(self.labels.headline, self.inner, 3)

    @cached_property
    def held(self) -> list[str]:
        return self.plain.lines(self.labels.held, self.inner, 3)

    @cached_property
    def top(self) -> int:
        """Where the headings begin."""
        words = len(self.headline) * self.large.leading + len(self.held) * self.plain.leading
        return self.margin + round(3.4 * self.unit) + words + round(1.6 * self.unit)

    @cached_property
    def row_height(self) -> int:
        return self.strip[1] + round(0.9 * self.unit)

    @property
    def blocks(self) -> int:
        return ceil(len(self.labels.rows) / self.rows_of_block)

    @cached_property
    def block_width(self) -> int:
        return self.strip[0] + (self.label_width + 2 * self.unit if self.label_width else 0)

    @cached_property
    def inner(self) -> int:
        """The width between the margins."""
        blocks = self.blocks * (self.block_width + self.margin) - self.margin
        return max(blocks, 34 * self.unit)

    @cached_property
    def footer(self) -> list[str]:
        return self.plain.lines(self.labels.machine, self.inner, 3)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Of the whole sheet."""
        height = self.top + self.heading_height + self.rows_of_block * self.row_height
        height += round(1.8 * self.unit) + (len(self.footer) + 1) * self.plain.leading + self.margin
        return 2 * self.margin + self.inner, height

    def block(self, number: int) -> int:
        """Its left edge."""
        return self.margin + number * (self.block_width + self.margin)

    def strip_at(self, row: int) -> tuple[int, int]:
        """Left and upper edge of a row's strip."""
        block, line = divmod(row, self.rows_of_block)
        x = self.block(block) + self.block_width - self.strip[0]
        return x, self.top + self.heading_height + line * self.row_height

    def frame_at(self, row: int, column: int) -> tuple[int, int]:
        """Left and upper edge of a picture's room."""
        x, y = self.strip_at(row)
        return x + self.gap + column * self.pitch, y + self.holes

    def prompt(self, row: int) -> str:
        """What is written at a row: the prompt where it begins, and again where a block begins."""
        rows = self.labels.rows
        begins = row % self.rows_of_block == 0 or rows[row].prompt != rows[row - 1].prompt
        return rows[row].prompt if begins else ""

    def label_at(self, row: int) -> tuple[int, int]:
        """Left and upper edge of a row's words."""
        return self.block(row // self.rows_of_block), self.strip_at(row)[1]


def layout(labels: Labels, widest: int, highest: int) -> Layout:
    """The sheet for pictures of at most so many pixels: as large as is useful and within MOST on each side."""
    scale = min(LARGEST / max(widest, highest), 2.0)
    least = SMALLEST / max(widest, highest)
    rows = _folded(labels, round(widest * scale), round(highest * scale))
    while True:
        found = Layout(labels, round(widest * scale), round(highest * scale), rows)
        if max(found.size) <= MOST or scale <= least:
            return found
        scale = max(scale * 0.94, least)


def _folded(labels: Labels, width: int, height: int) -> int:
    """How many rows go into a block so that the sheet has a good shape and is well filled.

    A prompt's rows stay together.
    """
    rows = len(labels.rows)
    together = next((n for n, row in enumerate(labels.rows) if row.prompt != labels.rows[0].prompt), 1)
    choices = {ceil(ceil(rows / blocks) / together) * together: None for blocks in range(1, min(rows, BLOCKS) + 1)}

    def cost(of_block: int) -> float:
        found = Layout(labels, width, height, of_block)
        empty = 1 - rows / (found.blocks * of_block)
        return abs(log(found.size[0] / found.size[1] / SHAPE)) + EMPTY * empty

    return min(choices, key=cost)
