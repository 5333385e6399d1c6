"""`python -m tests.second_server FOLDER COUNT`: another server on a gallery, saving, marking, deleting and sweeping."""

import sys
from pathlib import Path

from gallery.gallery import Gallery
from gallery.search import Search
from tests.pictures import SECOND, saved


def main(root: Path, count: int) -> int:
    gallery = Gallery(root)
    for number in range(count):
        id = saved(gallery, f"other {number}", at=number * SECOND)
        gallery.tag([id], ["theirs"])
        if number % 5 == 0:
            gallery.delete([id])
        if number % 10 == 0:
            gallery.sweep()
            gallery.page(Search(words="one"), None, 10)
    gallery.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
