"""Prompts as they are meant to be read: what looks like a letter becomes one.

Everything comes out as a to z, digits, LEET and spaces, so that lists of words can be short.
"""

from __future__ import annotations

import re
import unicodedata

LEET = "@$!|+€"  # signs that stand for letters; which one is for whoever searches to say, as for digits
_SKIPPED = "\u115f\u1160\u2800\u3164\uffa0"  # they look like nothing and count as letters or symbols
_LIKE = {  # what looks like which letter, capitals apart from small letters
    **dict(zip("АВЕЅІЈКМНОРСТУХԀԚԜҮҺ", "abesijkmhopctyxdqwyh", strict=True)),  # Cyrillic
    **dict(zip("авеѕіјкмнорстухԁԛԝүһпгё", "abesijkmhopctyxdqwyhnre", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),  # Greek
    **dict(zip("αβεικνορτυχηωγμςσδ", "abeikvoptuxnwyussd", strict=True)),
    **dict(zip("ոսօհցѵ", "nuohgv", strict=True)),  # Armenian, and the Cyrillic izhitsa
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),  # small capitals
    **dict(zip("ıɡɑɩłøđæœ", "igailodao", strict=True)),
    **{chr(first + i): chr(97 + i) for first in (0x1F1E6, 0x1F150, 0x1F170, 0x1F130) for i in range(26)},  # in boxes
}
_LETTERS = str.maketrans(_LIKE)
_ONE = "[a-z0-9@$€]"  # disjoint from what may stand between, or some texts would take for ever
_SPELLED = re.compile(rf"(?<!{_ONE})(?:{_ONE}[^a-z0-9@$€]{{1,3}}){{2,}}{_ONE}(?!{_ONE})")
_WITHIN = re.compile(r"(?<=[a-z0-9])[^a-z0-9\s,;]{1,3}(?=[a-z0-9])")
_OTHER = re.compile(rf"[^a-z0-9{re.escape(LEET)}]+")
_RUN = re.compile(r"(.)\1{2,}")


def letters(text: str) -> str:
    """`text` in small letters without marks, of which no more than two of a kind follow each other; signs stay."""
    known = unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold()
    apart = unicodedata.normalize("NFKD", known)  # marks apart from their letters
    kept = "".join(sign for sign in apart if sign.isascii() or unicodedata.category(sign) not in ("Mn", "Me", "Cf"))
    plain = unicodedata.normalize("NFKC", kept.translate(_LETTERS)).translate(_LETTERS)
    return _RUN.sub(r"\1\1", "".join(sign for sign in plain if sign not in _SKIPPED))


def readings(letters: str) -> set[str]:
    """With all signs as spaces, and with those within words left out: "semi-nude" and "n-ude" both tell."""
    return {_spaced(letters), _spaced(_WITHIN.sub("", letters))}


def spelled(letters: str) -> str:
    """What stands there letter by letter, "n u d e" or "n.u.d.e", put together; a space between two such things."""
    return " ".join(_OTHER.sub("", found) for found in _SPELLED.findall(letters))


def _spaced(letters: str) -> str:
    return _OTHER.sub(" ", letters).strip()
