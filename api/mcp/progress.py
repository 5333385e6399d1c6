"""How far a job is, for whoever waits for a tool's answer."""

from __future__ import annotations

from generation.events import Decoding, Developed, Encoding, Event, Queued, Silent, Step
from generation.request import GenerationRequest
from models.amounts import bytes_text
from models.progress import Downloading, Loading

DOWNLOAD, LOAD, PICTURES = 20.0, 10.0, 69.0  # shares of the whole; the answer has the last hundredth


def hundredths(event: Event, request: GenerationRequest) -> float:
    """Of the job that are done, 0 to 100."""
    if isinstance(event, Downloading):
        return DOWNLOAD * event.done_bytes / max(1, event.total_bytes)
    if isinstance(event, Loading):
        return DOWNLOAD + LOAD * event.done / max(1, event.total)
    pictures = 0.0
    if isinstance(event, Step):
        pictures = (event.index + event.done / event.total) / request.count
    elif isinstance(event, Decoding | Developed):
        index = event.index if isinstance(event, Decoding) else event.picture.index
        pictures = (index + 1) / request.count
    elif not isinstance(event, Encoding):
        return 0.0
    return DOWNLOAD + LOAD + PICTURES * pictures


def words(event: Event, request: GenerationRequest) -> str:
    """What goes on; empty: nothing worth telling."""
    if isinstance(event, Queued):
        return f"Waiting: {event.position} jobs ahead" if event.position else "Next in line"
    if isinstance(event, Downloading):
        amount = f", {bytes_text(event.done_bytes)} of {bytes_text(event.total_bytes)}" if event.total_bytes else ""
        return f"Downloading {event.model}{amount}"
    if isinstance(event, Loading):
        return f"Loading {event.model}: {event.component}"
    if isinstance(event, Step):
        which = f" {event.index + 1} of {request.count}" if request.count > 1 else ""
        return f"Developing{which}: step {event.done} of {event.total}"
    if isinstance(event, Silent):
        return f"Nothing heard for {event.seconds:.0f} seconds; it may hang"
    return "Decoding" if isinstance(event, Decoding | Developed) else ""
