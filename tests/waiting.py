"""Waiting for what takes as long as the machine takes."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 120  # seconds, on a machine that does something else besides
T = TypeVar("T")


def until(true: Callable[[], T]) -> T:
    """What `true` says as soon as that is something."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found
