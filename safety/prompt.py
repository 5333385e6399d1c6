"""Whether a prompt may be developed at all. Says which rule it breaks, and never what it says."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from errors import RefusedPrompt
from safety import words
from safety.plain import letters, readings, spelled
from safety.settings import Safeguard
from safety.terms import pattern

log = logging.getLogger(__name__)

MINORS = (
    "This prompt is refused: it puts sexual content together with children or young people, which is not made here. "
    "Remove one of the two. Where adults are meant, say woman or man instead of girl or boy."
)
PERSONS = (
    "This prompt is refused: it puts sexual content together with a real person, which is not made here. "
    "Remove one of the two."
)


class _Text:
    """A prompt in all its readings."""

    def __init__(self, prompt: str) -> None:
        self.raw = unicodedata.normalize("NFKC", prompt)
        plain = letters(prompt)
        self.readings: list[str] = [_HARMLESS.sub(" ", text) for text in readings(plain)]
        self.spelled = spelled(plain)


class _Words:
    """A list of words, found in whatever way they are written."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._apart, self._within = pattern(listed), pattern((word for word in listed if len(word) > 3), within=True)

    def __call__(self, text: _Text) -> bool:
        return any(self._apart.search(reading) for reading in text.readings) or bool(self._within.search(text.spelled))


_HARMLESS = pattern(words.HARMLESS)
_SEXUAL, _MINORS, _PERSONS = _Words(words.SEXUAL), _Words(words.MINORS), _Words(words.PERSONS)
_YEARS = rf"(?:[1-9]|1[0-7]|{'|'.join(words.NUMBERS)})"
_OLD = re.compile(rf"(?<![a-z0-9])(?:{_YEARS} ?(?:y ?o|yrs?|years?)(?: old)?|aged? {_YEARS})(?![a-z0-9])")
_NAME = re.compile(  # of somebody in a picture; behind "by" or "style of" it is a painter's
    r"(?:[Pp]hoto(?:graph)?|[Pp]icture|[Pp]ic|[Ii]mage|[Pp]ortrait|[Ss]elfie|[Nn]udes?|[Nn]aked|[Tt]opless|[Vv]ideo|[Ff]ake)"
    r"s?(?: of)? [A-Z][a-z'’-]+ [A-Z][a-z'’-]+"
)


@dataclass(frozen=True)
class Rule:
    """One thing that is refused; `beside` sexual content, unless that is in it already."""

    id: str  # as the log has it
    category: str  # "minors" or "persons"
    message: str
    told: Callable[[_Text], bool]
    beside: bool = True

    def broken_by(self, text: _Text) -> bool:
        return self.told(text) and (not self.beside or _SEXUAL(text))


RULES = (
    Rule("minors-word", "minors", MINORS, _Words(words.SELF_EVIDENT), beside=False),
    Rule("minors-wording", "minors", MINORS, _MINORS),
    Rule("minors-age", "minors", MINORS, lambda text: any(_OLD.search(reading) for reading in text.readings)),
    Rule("persons-wording", "persons", PERSONS, _PERSONS),
    Rule("persons-name", "persons", PERSONS, lambda text: bool(_NAME.search(text.raw))),
)


def check(prompt: str, safeguard: Safeguard) -> None:
    """Raises RefusedPrompt for a prompt that breaks a rule which holds by `safeguard`."""
    rule = broken(prompt, safeguard)
    if rule is not None:
        log.warning("A prompt was refused by the rule %s.", rule.id)
        raise RefusedPrompt(rule.message, rule.category)


def broken(prompt: str, safeguard: Safeguard) -> Rule | None:
    """The first rule that `prompt` breaks. What concerns children always holds where others can come."""
    guarded = safeguard.policy != "off"
    rules = [rule for rule in RULES if guarded or (safeguard.public and rule.category == "minors")]
    if not rules:
        return None
    text = _Text(prompt)
    return next((rule for rule in rules if rule.broken_by(text)), None)
