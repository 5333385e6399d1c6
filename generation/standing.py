"""Whether an engine can develop, and why not."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from generation.worker import Worker


@dataclass(frozen=True)
class Standing:
    """Of an engine at the moment."""

    alive: bool  # False: it will not develop again by itself
    trouble: str | None  # why it can't develop now; None: nothing is in the way
    models: tuple[str, ...]  # on the device
    running: int  # jobs that have the device
    waiting: int  # jobs in the queue


def standing(closing: bool, thread: threading.Thread, worker: Worker, running: int, waiting: int) -> Standing:
    """Of the engine whose `worker` works in `thread`."""
    ended = thread.ident is not None and not thread.is_alive()
    trouble = None
    if closing:
        trouble = "Darkroom is being shut down."
    elif ended:
        trouble = "The thread that works on the device has ended. Start Darkroom again."
    elif worker.broken:
        trouble = "There is no device to work on. The log says why."
    elif worker.device is None:
        trouble = "Darkroom is starting: torch is being imported and a device looked for."
    alive = closing or not (ended or worker.broken)
    return Standing(alive, trouble, tuple(worker.on_device()), running, waiting)
