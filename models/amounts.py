"""Amounts in words for the terminal, the log and refusals; the page has its own, in the visitor's language."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB")


def bytes_text(count: int) -> str:
    """2134000000 → "2.1 GB", decimal as disks and downloads are sold."""
    amount = float(count)
    for unit in UNITS[:-1]:
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {UNITS[-1]}"
