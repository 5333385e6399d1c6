"""`python -m tests.killed_writer FOLDER TIMES`: a process that saves pictures is killed at random moments, and again.

Prints what was found as JSON. One process forks all writers, so that nothing is imported twice.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from gallery.entry import Name, described
from gallery.gallery import Gallery
from gallery.search import Search
from tests.pictures import png

EVERY = 10  # kills, after which everything is looked at
EVERYTHING = 100_000


def save_forever(root: Path, content: bytes, told: int) -> None:
    """Save one picture after another; `told` gets the id of each as soon as saving it is over."""
    gallery = Gallery(root)
    while True:
        name = Name.new()
        gallery.save(name, content)
        os.write(told, f"{name.id}\n".encode())


def killed(root: Path, content: bytes, told: int, seconds: float) -> None:
    """Kill a writer that has run for so long."""
    child = os.fork()
    if child == 0:
        try:
            save_forever(root, content, told)
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended before it was killed"


def looked(root: Path, promised: list[str]) -> dict[str, list[str]]:
    """What is wrong with the gallery, as the next server finds it."""
    gallery = Gallery(root)
    before = gallery.page(Search(), None, EVERYTHING)
    torn = [str(entry.name) for entry in before if not whole(gallery, entry.name)]
    lost = sorted(set(promised) - {entry.name.id for entry in before})
    swept = gallery.sweep(part_seconds=0)
    listed = {entry.name.id for entry in gallery.page(Search(), None, EVERYTHING)}
    unlisted = sorted({name.id for name in gallery.folder.listed()} ^ listed)
    parts = [str(path) for path in root.rglob("*.part")]
    gallery.close()
    with sqlite3.connect(root / "gallery.sqlite") as database:
        wrong = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
    database.close()
    damaged = ["files"] * swept.damaged
    return {"torn": torn, "lost": lost, "unlisted": unlisted, "parts": parts, "index": wrong, "damaged": damaged}


def whole(gallery: Gallery, name: Name) -> bool:
    return described(name, gallery.folder.picture(name).read_bytes()).prompt == "killed"


def main(root: Path, times: int) -> int:
    chance = random.Random(7)
    content = png("killed", side=96)
    Gallery(root).sweep()
    told = os.open(root.with_suffix(".told"), os.O_CREAT | os.O_APPEND | os.O_RDWR)
    wrong: dict[str, list[str]] = {}
    for kill in range(1, times + 1):
        killed(root, content, told, chance.uniform(0.0, 0.03))
        if kill % EVERY == 0:
            promised = os.pread(told, 1 << 24, 0).decode().split()
            wrong |= {key: found for key, found in looked(root, promised).items() if found}
    print(json.dumps({"kills": times, "promised": len(promised), "wrong": wrong}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
