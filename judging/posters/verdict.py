"""What is right of a poster, for the one that was asked for."""

from __future__ import annotations

from judging.posters.scenes import RADII, Poster
from judging.posters.seeing import SeenPoster
from judging.seeing import place_of, relation_of, size_of


def verdict(poster: Poster, found: SeenPoster) -> dict[str, bool]:
    """Of a single thing; nothing is, if there is none or more than one."""
    if len(found.things) != 1:
        return dict.fromkeys(("colour", "shape", "size", "place"), False)
    (item,), (thing,) = poster.items, found.things
    return {
        "colour": thing.colour == item.colour,
        "shape": thing.shape == item.shape,
        "size": size_of(thing, 1, RADII) == item.size,
        "place": place_of(thing) == poster.place,
    }


def both_right(poster: Poster, found: SeenPoster) -> bool:
    """Both colours, both shapes and the relation."""
    wanted = [(item.shape, item.colour) for item in poster.items]
    return len(found.things) == 2 and any(
        [(first.shape, first.colour), (second.shape, second.colour)] == wanted
        and relation_of(first, second) == poster.relation
        for first, second in (found.things, found.things[::-1])
    )


def several_right(poster: Poster, found: SeenPoster) -> bool:
    """As many as asked for, all of the right colour and shape."""
    wanted = [(item.shape, item.colour) for item in poster.items]
    return [(thing.shape, thing.colour) for thing in found.things] == wanted
