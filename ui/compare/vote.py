"""The blind vote: two pictures without names, and what the votes come to. Escapes what users write."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from html import escape

from comparison.plan import settings
from comparison.ranking import Rating
from comparison.record import CellRecord, RunRecord
from comparison.votes import Outcome, Pair, Vote
from ui.compare.grid import act, varied
from ui.texts import Texts

_SECRET = secrets.token_bytes(16)  # so that no address tells whose picture it is
KEYS = {Outcome.LEFT: "←", Outcome.TIE: "↓", Outcome.RIGHT: "→"}


def blind(run: str, file: str) -> str:
    """What a picture is called while nobody is to know which it is."""
    return hmac.new(_SECRET, f"{run}/{file}".encode(), hashlib.sha256).hexdigest()[:32]


def unblinded(run: RunRecord, name: str) -> str | None:
    """The file that is called so; None: there is none."""
    files, called = (cell.picture.file for cell in run.cells if cell.picture), name.encode(errors="replace")
    return next((file for file in files if hmac.compare_digest(blind(run.id, file).encode(), called)), None)


def ballot(run: RunRecord, pair: Pair, count: int, moment: int, texts: Texts) -> str:
    """Two pictures to choose from, of somebody who has voted `count` times; `moment` tells two ballots apart."""
    setting = settings(run.plan)[pair.row]
    sides = "".join(
        _side(run, run.cells[number], outcome, moment, texts)
        for number, outcome in ((pair.left, Outcome.LEFT), (pair.right, Outcome.RIGHT))
    )
    buttons = "".join(
        f'<button type="button" data-act="voted" data-outcome="{outcome.value}" data-moment="{moment}">'
        f"<kbd>{key}</kbd>{escape(texts[f'vote_{outcome.value}'])}</button>"
        for outcome, key in KEYS.items()
    )
    told = " · ".join((texts["vote_ask"], varied(run, setting, texts), _counted(count, texts)))
    result = act("result", texts["vote_result"], "quiet") if count else ""
    return _dialog(
        f'<header><p class="said">{escape(setting.prompt)}</p><p class="told" role="status">{escape(told)}</p></header>'
        f'<div class="sides">{sides}</div><div class="foot">{buttons}<span>{escape(texts["vote_leave"])}</span>'
        f"{result}</div>",
        moment,
        texts["vote_ask"],
        texts,
    )


def result(
    run: RunRecord,
    ratings: Sequence[Rating],
    votes: Sequence[Vote],
    titles: Mapping[str, str],
    more: bool,
    moment: int,
    texts: Texts,
) -> str:
    """The names, the ranking over all `votes`, and what was chosen in this run; `more`: there are pairs left."""
    voted = [rating for rating in ratings if rating.votes]
    ends = (min((it.low for it in voted), default=0.0), max((it.high for it in voted), default=1.0))
    rows = "".join(_rating(place, rating, ends, titles, texts) for place, rating in enumerate(ratings, start=1))
    named = ("vote_place", "model", "vote_elo", "vote_interval", "vote_record")
    head = "".join(f'<th scope="col">{escape(texts[key])}</th>' for key in named)
    chosen = "".join(_chosen(run, vote, titles, texts) for vote in reversed(votes) if vote.run == run.id)
    acts = act("vote", texts["vote_on"]) if more else f"<span>{escape(texts['vote_all'])}</span>"
    exports = "".join(
        f'<a href="compare/{run.id}/export/votes.{kind}" download>{escape(texts["export"])} {kind.upper()}</a>'
        for kind in ("csv", "json")
    )
    erase = (
        f'<details class="erase"><summary>{escape(texts["vote_erase"])}</summary>'
        f"{act('erase-votes', texts['vote_erase_sure'])}</details>"
    )
    told = f"{_counted(len(votes), texts)} · {texts['vote_method']}"
    return _dialog(
        f'<header><p class="said">{escape(texts["vote_result"])}</p>'
        f'<p class="told" role="status">{escape(told)}</p></header>'
        f'<div class="ranks"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'<ol class="chosen">{chosen}</ol></div><div class="foot">{acts}{exports}{erase}</div>',
        moment,
        texts["vote_result"],
        texts,
    )


def _dialog(inner: str, moment: int, label: str, texts: Texts) -> str:
    return (
        f'<div class="ballot" role="dialog" aria-modal="true" aria-label="{escape(label)}" data-opened="{moment}" '
        f'tabindex="-1"><button type="button" class="close" aria-label="{escape(texts["close"])}">×</button>'
        f"{inner}</div>"
    )


def _side(run: RunRecord, cell: CellRecord, outcome: Outcome, moment: int, texts: Texts) -> str:
    picture = cell.picture
    assert picture is not None
    label = escape(texts[f"vote_{outcome.value}"])
    return (
        f'<button type="button" class="side" data-act="voted" data-outcome="{outcome.value}" data-moment="{moment}" '
        f'aria-label="{label}" style="--w:{picture.width};--h:{picture.height}">'
        f'<img src="compare/{run.id}/blind/{blind(run.id, picture.file)}.png" alt="{label}"></button>'
    )


def _rating(place: int, rating: Rating, ends: tuple[float, float], titles: Mapping[str, str], texts: Texts) -> str:
    title = escape(titles.get(rating.model, rating.model))
    if not rating.votes:
        return f'<tr><td>–</td><th scope="row">{title}</th><td>–</td><td></td><td>0</td></tr>'
    low, high = ends
    at = [100 * (value - low) / ((high - low) or 1) for value in (rating.low, rating.elo, rating.high)]
    said = escape(f"{rating.low:.0f} – {rating.high:.0f}")
    plot = (
        f'<span class="interval" role="img" aria-label="{said}" title="{said}"><i class="bar" '
        f'style="left:{at[0]:.1f}%;width:{at[2] - at[0]:.1f}%"></i><i class="dot" style="left:{at[1]:.1f}%"></i></span>'
    )
    record = texts["vote_won"].format(wins=rating.wins, ties=rating.ties, losses=rating.losses)
    return (
        f'<tr><td>{place}</td><th scope="row">{title}</th><td>{rating.elo:.0f}</td><td>{plot}</td>'
        f"<td>{escape(record)}</td></tr>"
    )


def _chosen(run: RunRecord, vote: Vote, titles: Mapping[str, str], texts: Texts) -> str:
    """A vote with its names: the one that was preferred first."""
    left, right = (titles.get(name, name) for name in (vote.left, vote.right))
    if vote.outcome is Outcome.RIGHT:
        left, right = right, left
    prompt = settings(run.plan)[vote.row].prompt
    sign = "=" if vote.outcome is Outcome.TIE else "›"
    return f"<li><b>{escape(left)}</b> {sign} {escape(right)}<small>{escape(prompt)}</small></li>"


def _counted(count: int, texts: Texts) -> str:
    return texts["vote_one"] if count == 1 else texts["vote_count"].format(count=count)
