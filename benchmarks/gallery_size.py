"""How long the gallery takes to answer, of 100,000 pictures over 1,000: what a browser asks for, with the HTML for it.

The pictures are rows alone, as their files play no part in an answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ratio import Ratio, measured
from gallery.entry import Entry, Name
from gallery.gallery import Gallery
from gallery.search import Cursor, Search
from ui.album import views
from ui.texts import TEXTS

Tell = Callable[[str], None]
SMALL, LARGE = 1_000, 100_000  # pictures
SEED = 7
ANSWERS = 5  # of one kind for each timing
COLOURS = ("red", "green", "blue", "black", "white", "orange", "purple", "grey")
THINGS = ("lighthouse", "bicycle", "fox", "bookshop", "fisherman", "boat", "heart", "diamond", "tree", "bridge")
TEXTS_HERE = TEXTS["en"]


def gallery_size(rounds: int, tell: Tell) -> Iterator[Ratio]:
    """Each kind of answer of a large gallery over the same of a small one."""
    with TemporaryDirectory(prefix="darkroom-bench-") as folder:
        galleries = {count: filled(Path(folder) / str(count), count, tell) for count in (SMALL, LARGE)}
        asked = {f"{name}, of {count:,}": case for count, it in galleries.items() for name, case in cases(it).items()}
        seconds = measured(asked, rounds, tell)
        for name in cases(galleries[SMALL]):
            yield Ratio(f"{ANSWERS} × {name}", seconds[f"{name}, of {LARGE:,}"], seconds[f"{name}, of {SMALL:,}"])
        for gallery in galleries.values():
            gallery.close()


def filled(root: Path, count: int, tell: Tell) -> Gallery:
    """A gallery that lists `count` pictures, made a minute apart."""
    tell(f"a gallery of {count:,} rows")
    gallery, chance = Gallery(root), random.Random(7)
    gallery.count(Search())  # opens it
    gallery.index.add(_entry(number, chance) for number in range(count))
    return gallery


def _entry(number: int, chance: random.Random) -> Entry:
    prompt = (
        f"a {chance.choice(COLOURS)} {chance.choice(THINGS)} and a {chance.choice(COLOURS)} {chance.choice(THINGS)}"
    )
    side = chance.choice((512, 768, 1024))
    return Entry(
        Name(f"{chance.getrandbits(128):032x}", 1_767_225_600_000_000 + number * 60_000_000),
        *(side, side),
        prompt=f"{prompt}, number{number % 1000}",
        model=chance.choice(("ssd-1b", "sdxl-base-1.0", "bk-sdm-small")),
        sampler=chance.choice(("Euler a", "DDIM")),
        steps=30,
        seed=number % 500,
        parameters=prompt * 4,
        starred=number % 50 == 0,
        tags=("portfolio",) if number % 20 == 0 else (),
    )


def cases(gallery: Gallery) -> dict[str, Callable[[], object]]:
    """What is asked, by a name."""
    searches = {
        "first page": Search(),
        "search for a rare word": Search(words="number77"),
        "search for a word of every picture": Search(words="a"),
        "search for two words": Search(words="red fox"),
        "filter by model and star": Search(model="ssd-1b", starred=True),
        "filter by size and sampler": Search(width=512, height=512, sampler="DDIM"),
        "filter by tag": Search(tag="portfolio"),
        "filter by seed": Search(seed=SEED),
    }
    found = {name: _several(partial(_answer, gallery, search)) for name, search in searches.items()}
    deep = Search(until=1_767_225_600_000_000 + gallery.count(Search()) * 6_000_000)
    middle = gallery.page(deep, None, 1)[0].name
    after = Cursor(middle.created, middle.id)
    found["page after nine tenths"] = _several(
        lambda: views.tiles(gallery.page(Search(), after, views.PAGE), TEXTS_HERE)
    )
    found["choices of the filters"] = _several(lambda: [gallery.values(it, None) for it in ("model", "size", "tag")])
    return found


def _several(answer: Callable[[], object]) -> Callable[[], object]:
    return lambda: [answer() for _ in range(ANSWERS)]


def _answer(gallery: Gallery, search: Search) -> str:
    """As when somebody has changed what is looked for."""
    entries = gallery.page(search, None, views.PAGE)
    return views.grid(entries, gallery.count(search), search, 0, TEXTS_HERE)
