"""Quality over steps, as an SVG that is light or dark as its reader's system is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, log2

from colours import stylesheet
from training.report.record import Made, Report, WorldRecord

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 340, 230, 52, 54, 46  # pixels of a panel, and of its margins
RIGHT = 16
DASHES = ("", "7 4", "2 3", "9 3 2 3")  # lines are told apart without colour, too
STROKES = ("var(--ink)", "var(--accent)", "var(--dim)", "var(--edge)")

Curves = Mapping[str, Sequence[Made]]


def plot(report: Report, world: WorldRecord) -> str:
    """A panel for each of the harder scores and one for the distance; empty if no mini was tried with several steps."""
    curves = report.curves(world)
    if not curves:
        return ""
    panels = [
        (f"{aspect}, %", {name: [100 * made.share(aspect) for made in curve] for name, curve in curves.items()}, 100.0)
        for aspect in world.aspects[-2:]
    ]
    far = {name: [made.from_drawn for made in curve] for name, curve in curves.items()}
    panels.append(("distance from drawn pictures", far, _round_up(max(max(values) for values in far.values()))))
    steps = {name: [made.steps for made in curve] for name, curve in curves.items()}
    drawn = [_panel(number, title, steps, values, most) for number, (title, values, most) in enumerate(panels)]
    wide, high = WIDTH * len(panels), HEIGHT + TOP + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="Quality over steps: {escape(", ".join(curves))}">\n<style>{stylesheet()}'
        "text { font: 13px system-ui, sans-serif; fill: var(--ink); } .dim { fill: var(--dim); }</style>\n"
        f'<rect width="{wide}" height="{high}" fill="var(--room)"/>\n{_legend(list(curves))}\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _legend(names: Sequence[str]) -> str:
    found = []
    for number, name in enumerate(names):
        x = LEFT + number * 150
        found.append(f'<line x1="{x}" x2="{x + 30}" y1="20" y2="20" {_stroke(number)}/>')
        found.append(f'<text x="{x + 38}" y="24">{escape(name)}</text>')
    return "\n".join(found)


def _panel(
    place: int, title: str, steps: Mapping[str, Sequence[int]], values: Mapping[str, Sequence[float]], most: float
) -> str:
    """`values` from 0 to `most` over steps on a scale that doubles."""
    left, wide, bottom = place * WIDTH + LEFT, WIDTH - LEFT - RIGHT, TOP + HEIGHT
    tried = sorted({step for of in steps.values() for step in of})
    first, span = log2(tried[0]), max(1.0, log2(tried[-1] / tried[0]))

    def at(step: int, value: float) -> tuple[float, float]:
        return left + wide * (log2(step) - first) / span, bottom - (HEIGHT - 30) * value / most

    found = [f'<text x="{left}" y="{TOP + 12}">{escape(title)}</text>']
    for part in range(5):
        y = at(tried[0], most * part / 4)[1]
        found.append(f'<line x1="{left}" x2="{left + wide}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        found.append(f'<text class="dim" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{most * part / 4:g}</text>')
    for step in (step for step in tried if log2(step).is_integer()):
        found.append(f'<text class="dim" x="{at(step, 0)[0]:.1f}" y="{bottom + 18}" text-anchor="middle">{step}</text>')
    found.append(f'<text class="dim" x="{left + wide / 2}" y="{bottom + 36}" text-anchor="middle">steps</text>')
    for number, (name, of) in enumerate(values.items()):
        points = [at(step, value) for step, value in zip(steps[name], of, strict=True)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        found.append(f'<polyline points="{line}" fill="none" {_stroke(number)}/>')
        found += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{STROKES[number % len(STROKES)]}">'
            f"<title>{escape(name)}, {step} steps: {value:.1f}</title></circle>"
            for (x, y), step, value in zip(points, steps[name], of, strict=True)
        ]
    return "\n".join(found)


def _stroke(number: int) -> str:
    dash = DASHES[number % len(DASHES)]
    return f'stroke="{STROKES[number % len(STROKES)]}" stroke-width="2" stroke-dasharray="{dash or "none"}"'


def _round_up(value: float) -> float:
    """To the next of 4, 8, 12, 20, 40, … with quarters that are short to write."""
    unit = 10.0 ** (ceil(log2(max(value, 1e-3)) / log2(10)) - 1)
    return next(unit * factor for factor in (1, 2, 4, 8, 12, 20) if unit * factor >= value)
