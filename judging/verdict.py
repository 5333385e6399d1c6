"""What is right of a picture, for the scene that it was asked to show."""

from __future__ import annotations

from judging.scenes import Scene
from judging.seeing import Seen, place_of, relation_of, size_of


def verdict(scene: Scene, found: Seen) -> dict[str, bool]:
    """What is right of a single object; nothing is, if there is none or more than one."""
    if len(found.things) != 1:
        return dict.fromkeys(("colour", "shape", "size", "place"), False)
    (item,), (thing,) = scene.items, found.things
    return {
        "colour": thing.colour == item.colour,
        "shape": thing.shape == item.shape,
        "size": size_of(thing, 1) == item.size,
        "place": place_of(thing) == scene.place,
    }


def both_right(scene: Scene, found: Seen) -> bool:
    """Both colours, both shapes and the relation."""
    wanted = [(item.shape, item.colour) for item in scene.items]
    return len(found.things) == 2 and any(
        [(first.shape, first.colour), (second.shape, second.colour)] == wanted
        and relation_of(first, second) == scene.relation
        for first, second in (found.things, found.things[::-1])
    )
