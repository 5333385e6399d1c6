"""Tables of the report: what the models took beside each other, and everything that was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from comparison.export import figures, tables
from comparison.export.texts import Texts
from comparison.ranking import Rating
from comparison.record import RunRecord
from comparison.summary import Mean, ModelSummary, Spread

Cell = tuple[str, str]  # what is said, and what is said below it


def models(found: Sequence[ModelSummary], ratings: Sequence[Rating], texts: Texts) -> str:
    """A line for each model, with medians and what it saves beside the first."""
    rated = {rating.model: rating for rating in ratings if rating.votes}
    lines = [_line(one, rated.get(one.model), texts) for one in found]
    names = [name for name in dict.fromkeys(name for line in lines for name in line) if any(_said(lines, name))]
    head = "".join(f'<th scope="col">{escape(texts.get(f"column_{name}", name))}</th>' for name in ("model", *names))
    body = "".join(
        f'<tr><th scope="row">{escape(one.title)}</th>{"".join(_cell(line.get(name)) for name in names)}</tr>'
        for one, line in zip(found, lines, strict=True)
    )
    process = any(one.memory and one.memory_is_process for one in found)
    note = f'<p class="dim">{escape(texts["process_memory"])}</p>' if process else ""
    return (
        f'<section><h2>{escape(texts["worth"])}</h2><p class="dim">{escape(texts["worth_note"])}</p>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(texts["worth"])}"><table><thead><tr>{head}'
        f"</tr></thead><tbody>{body}</tbody></table></div>{note}</section>"
    )


def everything(record: RunRecord, texts: Texts) -> str:
    """Every figure of every picture, folded away."""
    rows = tables.figures(record)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows[0])
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(_plain(value, texts))}</td>' for value in row.values())}</tr>" for row in rows
    )
    return (
        f"<section><details><summary>{escape(texts['everything'])}</summary>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(texts["everything"])}"><table class="all">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div></details></section>"
    )


def _line(one: ModelSummary, rating: Rating | None, texts: Texts) -> dict[str, Cell]:
    """The cells of a model, by column; a column that no model has anything in is not shown."""
    against = one.against
    faster = figures.faster(against.seconds.value, texts) if against and against.seconds else ""
    total = one.done + one.failed + one.left
    failed = texts["failed_count"].format(count=one.failed) if one.failed else ""
    cells = {
        "pictures": (str(one.done) if one.done == total else f"{one.done} / {total}", failed),
        "seconds": _spread(one.seconds, figures.seconds, texts),
        "against": (faster, "") if against else (texts["baseline"], ""),
        "step": _spread(one.seconds_per_step, figures.seconds, texts),
        "load": _spread(one.load, figures.seconds, texts),
        "memory": (
            figures.size(round(one.memory.median), texts) if one.memory else "",
            figures.less(against.memory.value, texts) if against and against.memory else "",
        ),
        "parameters": (
            figures.parameters(one.parameters, texts) if one.parameters else "",
            figures.less(against.parameters, texts) if against and against.parameters else "",
        ),
    }
    cells |= {name: _mean(score, texts) for name, score in one.quality.items()}
    return cells | ({"votes": _votes(rating, texts)} if rating else {})


def _spread(spread: Spread | None, shown: Callable[[float, Texts], str], texts: Texts) -> Cell:
    """The median, and least and most of several."""
    if spread is None:
        return "", ""
    ends = shown(spread.least, texts), shown(spread.most, texts)
    several = spread.count > 1 and ends[0] != ends[1]
    return shown(spread.median, texts), texts["range"].format(least=ends[0], most=ends[1]) if several else ""


def _mean(mean: Mean, texts: Texts) -> Cell:
    """With how far the mean of all such pictures may be from it."""
    margin = "" if mean.margin is None else f"± {figures.short(mean.margin, texts)}"
    return figures.short(mean.mean, texts), margin


def _votes(rating: Rating, texts: Texts) -> Cell:
    ends = texts["range"].format(least=round(rating.low), most=round(rating.high))
    counts = texts["vote_counts"].format(wins=rating.wins, ties=rating.ties, losses=rating.losses)
    return str(round(rating.elo)), f"{ends}\n{counts}"


def _said(lines: Sequence[dict[str, Cell]], name: str) -> list[str]:
    return [line[name][0] for line in lines if name in line]


def _cell(cell: Cell | None) -> str:
    said, below = cell or ("", "")
    return f"<td>{escape(said) or '–'}{f'<small>{escape(below)}</small>' if below else ''}</td>"


def _plain(value: object, texts: Texts) -> str:
    if isinstance(value, float):
        return f"{value:.4g}".replace(".", texts["decimal"])
    return "" if value is None else str(value)
