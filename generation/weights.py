"""AUTOMATIC1111's prompt weights: (more), [less], (this much:1.3), nested, with \\( for a bracket that means itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

ROUND, SQUARE = 1.1, 1 / 1.1
_TOKEN = re.compile(r"\\[\\()\[\]]|:\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)|[()\[\]\\:]|[^()\[\]\\:]+")
_NETWORK = re.compile(r"<(?P<kind>lora|lyco|hypernet):(?P<name>[^<>]*)>", re.IGNORECASE)
_EDIT = re.compile(r"(?<!\\)\[[^\[\]]*[|:][^\[\]]*(?<!\\)\]")


@dataclass
class Fragment:
    """A stretch of a prompt."""

    text: str
    weight: float = 1.0


def fragments(prompt: str) -> list[Fragment]:
    """The stretches of `prompt` with their weights, in order; none is empty, neighbours differ in weight.

    What opens nothing or closes nothing is text. A bracket that is never closed weighs all that follows it.
    """
    found: list[Fragment] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}  # where in `found` each open bracket began

    def weigh(bracket: str, factor: float) -> None:
        for fragment in found[opened[bracket].pop() :]:
            fragment.weight *= factor

    for match in _TOKEN.finditer(prompt):
        token = match.group()
        if token in opened:
            opened[token].append(len(found))
        elif match["weight"] and opened["("]:
            weigh("(", float(match["weight"]))
        elif token == ")" and opened["("]:
            weigh("(", ROUND)
        elif token == "]" and opened["["]:
            weigh("[", SQUARE)
        else:
            found.append(Fragment(token[1:] if len(token) == 2 and token[0] == "\\" else token))
    for bracket, factor in (("(", ROUND), ("[", SQUARE)):
        while opened[bracket]:
            weigh(bracket, factor)
    return _joined(found)


def _joined(found: list[Fragment]) -> list[Fragment]:
    joined: list[Fragment] = []
    for fragment in found:
        if joined and joined[-1].weight == fragment.weight:
            joined[-1].text += fragment.text
        else:
            joined.append(fragment)
    return joined


def understood(prompt: str) -> tuple[str, list[str]]:
    """`prompt` without what only other tools can do, and a note for each thing left out or taken otherwise."""
    found = [match.group() for match in _NETWORK.finditer(prompt)]
    notes = [f"{match} was left out: there are no such networks here." for match in found]
    notes += [f"{match} only weakens these words here: prompts are not edited while a picture develops."
              for match in _EDIT.findall(prompt)]  # fmt: skip
    return _NETWORK.sub("", prompt), notes


def networks(prompt: str) -> list[tuple[str, str]]:
    """Kind and name of each network that `prompt` wants to have added: ("lora", "more_detail:0.8")."""
    return [(match["kind"], match["name"]) for match in _NETWORK.finditer(prompt)]
