"""Numbers as they are read on the page: times, bytes and counts, in three digits and the language's decimal sign."""

from __future__ import annotations

from ui.texts import Texts


def seconds(value: float, texts: Texts) -> str:
    """A duration: 45 ms, 1.25 s, 42 s, 3 min 20 s, 1 h 05 min."""
    if value < 0.1:
        return f"{round(value * 1000)} ms"
    if value < 100:
        return f"{_short(value, texts)} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size(count: int, texts: Texts) -> str:
    """Bytes in decimal units, as disks and download pages count them."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{count} B" if unit == "B" else f"{_short(value, texts)} {unit}"


def parameters(count: int, texts: Texts) -> str:
    """A model's size: 7.0 M, 689 M, 2.23 B."""
    return f"{_short(count / 1e9, texts)} B" if count >= 1e9 else f"{_short(count / 1e6, texts)} M"


def _short(value: float, texts: Texts) -> str:
    digits = 2 if value < 10 else 1 if value < 20 else 0
    return f"{value:.{digits}f}".replace(".", texts["decimal"])
