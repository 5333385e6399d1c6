"""Numbers as a sheet and a report show them: three digits, and the language's decimal sign."""

from __future__ import annotations

from comparison.export.texts import NO_BREAK, Texts
from comparison.summary import change


def seconds(value: float, texts: Texts) -> str:
    """A duration: 45 ms, 1.25 s, 42 s, 3 min 20 s, 1 h 05 min."""
    if value < 0.1:
        return _with_unit(str(round(value * 1000)), "ms")
    if value < 99.5:
        return _with_unit(short(value, texts), "s")
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return _with_unit(f"{minutes}", "min", f"{rest:02}", "s")
    return _with_unit(f"{minutes // 60}", "h", f"{minutes % 60:02}", "min")


def parameters(count: int, texts: Texts) -> str:
    """A model's size: 7.52 M, 689 M, 2.23 B; in German, whose billion is another number, Mio. and Mrd."""
    million, billion = ("Mio.", "Mrd.") if texts["decimal"] == "," else ("M", "B")
    large = count >= 999.5e6
    return _with_unit(short(count / (1e9 if large else 1e6), texts), billion if large else million)


def size(count: int, texts: Texts) -> str:
    """Bytes in decimal units."""
    large = count >= 999.5e6
    return _with_unit(short(count / (1e9 if large else 1e6), texts), "GB" if large else "MB")


def _with_unit(*parts: str) -> str:
    return NO_BREAK.join(parts)


def faster(ratio: float, texts: Texts) -> str:
    """What a ratio of seconds to the baseline's says: 0.43 is "2.3× faster"."""
    found = change(ratio)
    return texts[f"seconds_{found.kind}"].format(factor=short(found.factor, texts, 1))


def less(ratio: float, texts: Texts) -> str:
    """What a ratio of amounts to the baseline's says: 0.52 is "48 % less"."""
    found = change(ratio)
    return texts[f"amount_{found.kind}"].format(share=round(100 * found.share))


def number(value: float, texts: Texts) -> str:
    """As short as it can be told exactly: 7.5, 3."""
    return f"{value:g}".replace(".", texts["decimal"])


def short(value: float, texts: Texts, most: int = 2) -> str:
    """Three digits, or `most` behind the decimal sign, before they are all in front of it."""
    digits = min(most, 2 if value < 9.995 else 1 if value < 99.95 else 0)
    return f"{value:.{digits}f}".replace(".", texts["decimal"])
