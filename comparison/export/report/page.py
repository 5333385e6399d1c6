"""The report as a whole. Whatever a user wrote is escaped; style and script are allowed by their hashes alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path

from colours import stylesheet
from comparison.export import tables
from comparison.export.files import Read, data_url
from comparison.export.labels import Labels, labels
from comparison.export.report import closely, figures, grid, plot
from comparison.export.texts import TEXTS, Texts
from comparison.plots import plots
from comparison.ranking import Rating
from comparison.record import RunRecord
from comparison.summary import summaries

_HERE = Path(__file__).parent


def html(
    record: RunRecord,
    read: Read,
    *,
    baseline: str | None = None,
    ratings: Sequence[Rating] = (),
    recipe: bytes | None = None,
    language: str = "en",
) -> str:
    """The report of `record`, whose models are told beside `baseline` (None: the first); `recipe` replays it."""
    texts = TEXTS[language]
    words = labels(record, texts, baseline)
    models = summaries(record, words.baseline)
    parts = (
        _head(words),
        figures.models(models, ratings, texts),
        grid.grid(record, words, read, texts),
        closely.pair(record, texts),
        closely.strips(record, read, texts),
        plot.drawn(plots(record, ratings), texts),
        figures.everything(record, texts),
        _downloads(record, words.baseline, ratings, recipe, texts),
        f"<footer><p>{escape(texts['generated'])} · {escape(words.made)}</p></footer>",
    )
    return _page(language, words.headline, len(models), "\n".join(part for part in parts if part))


def _page(language: str, title: str, columns: int, body: str) -> str:
    style = f"{stylesheet()}:root {{ --columns: {columns}; }}\n" + (_HERE / "report.css").read_text(encoding="utf-8")
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Darkroom">
<title>{escape(title[:80])} · Darkroom</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
<script>{script}</script>
</body>
</html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _head(words: Labels) -> str:
    length = ' class="long"' if len(words.headline) > 140 else ""
    return (
        f'<header><p class="name"><i></i>Darkroom</p><h1{length}>{escape(words.headline)}</h1>'
        f'<p class="dim">{escape(words.held)}</p><p class="dim">{escape(words.machine)}</p></header>'
    )


def _downloads(record: RunRecord, baseline: str, ratings: Sequence[Rating], recipe: bytes | None, texts: Texts) -> str:
    files = {
        "recipe.json": ("application/json", recipe, texts["save_recipe"]),
        "data.json": ("application/json", tables.json(record, baseline, ratings).encode(), texts["save_json"]),
        "table.csv": ("text/csv", tables.csv(record).encode("utf-8-sig"), texts["save_csv"]),
    }
    links = " ".join(
        f'<a class="act" download="{name}" href="{data_url(kind, content)}">{escape(said)}</a>'
        for name, (kind, content, said) in files.items()
        if content is not None
    )
    return f'<section class="downloads"><h2>{escape(texts["downloads"])}</h2><p>{links}</p></section>'
