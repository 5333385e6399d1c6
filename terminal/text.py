"""Values made fit for a terminal: nothing that came from outside may move its cursor or change its colours."""


def plain(text: str) -> str:
    """`text` on one line, with whatever is not printable spelled out as an escape."""
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def one_line(message: str) -> str:
    """A message of possibly several lines as one, made plain."""
    return plain(" ".join(part.strip() for part in message.strip().splitlines()))


def seconds_text(seconds: float) -> str:
    """0.0351 → "35 ms", 4.2 → "4.2 s", 754 → "12 min 34 s"."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.5:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
