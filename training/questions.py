"""What a text encoder must tell of a caption, and what of it is the same for every world that captions speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTokenizer

from judging.scenes import COLOURS, COLUMNS, PLACES, ROWS, SIZES
from judging.wordings import OPEN
from training.shapes.tokenizer import LENGTH

LAYERS = 4
HEADS = 4
NONE = "none"  # of a second thing that is not there
NOWHERE = (OPEN, OPEN)  # where a caption leaves the place open
ORDER = ("first", "second")
IGNORED = -100  # cross_entropy's own

Questions = Mapping[str, tuple[object, ...]]  # what must be told, and the answers
Told = Mapping[str, object]  # the answer to each question
UNTOLD: Told = MappingProxyType({"colour": OPEN, "size": OPEN, "shape": OPEN, "place": NOWHERE})  # of any thing


class Worded(Protocol):
    """A caption of any world."""

    @property
    def words(self) -> tuple[str, ...]: ...


def of_thing(shapes: Sequence[str]) -> Questions:
    """What must be told of one of the things that a world has."""
    return {
        "colour": (OPEN, *COLOURS, NONE),
        "size": (OPEN, *SIZES, NONE),
        "shape": (OPEN, *shapes, NONE),
        "place": (NOWHERE, *PLACES, NONE),
    }


def of_both(thing: Questions) -> Questions:
    """The same of two things."""
    return {f"{order} {key}": answers for order in ORDER for key, answers in thing.items()}


def both(things: Sequence[Told], relation: str | None) -> Told:
    """Of none, one or two things; the first is the upper or the left one."""
    if relation in ("below", "right of"):
        things = things[::-1]
    lacking: Told = dict.fromkeys(UNTOLD, NONE) if things else UNTOLD
    pair = zip(ORDER, (*things, lacking, lacking), strict=False)
    return {f"{order} {key}": value for order, one in pair for key, value in one.items()}


def related(relation: str, first: bool) -> tuple[str, str]:
    """Column and row of the first or the second of two things that stand so to each other."""
    step = 1 if first else -1
    return {
        "above": ("center", ROWS[1 - step]),
        "below": ("center", ROWS[1 + step]),
        "left of": (COLUMNS[1 - step], "middle"),
        "right of": (COLUMNS[1 + step], "middle"),
    }[relation]


def encoder(tokens: CLIPTokenizer, width: int, inner: int) -> CLIPTextConfig:
    """A text encoder of few layers; `inner`: of each layer's perceptron."""
    return CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=inner,
        projection_dim=width,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=LENGTH,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )


def sizes(questions: Questions) -> list[int]:
    """How many answers there are to each."""
    return [len(answers) for answers in questions.values()]


def laid_out(
    captions: Sequence[Worded],
    told: Sequence[Told],
    nouns: Sequence[Mapping[int, Told]],
    questions: Questions,
    noun_questions: Questions,
    tokens: CLIPTokenizer,
) -> tuple[Tensor, Tensor, Tensor]:
    """An exercise of captions of any world: what each tells after the text, and at those words that are nouns."""
    ids = torch.full((len(captions), LENGTH), int(tokens.eos_token_id or 0))
    at_end = torch.full((*ids.shape, len(questions)), IGNORED)
    at_noun = torch.full((*ids.shape, len(noun_questions)), IGNORED)
    for row, (caption, whole, things) in enumerate(zip(captions, told, nouns, strict=True)):
        text, starts = encode(caption, tokens)
        ids[row, : len(text)] = torch.tensor(text)
        at_end[row, len(text) :] = torch.tensor(numbers(whole, questions))
        for noun, one in things.items():
            if noun >= 0 and starts[noun] < LENGTH - 1:
                at_noun[row, starts[noun]] = torch.tensor(numbers(one, noun_questions))
    return ids, at_end, at_noun


def numbers(told: Told, questions: Questions) -> list[int]:
    """Of each question's answer."""
    return [right.index(told[question]) for question, right in questions.items()]


def encode(caption: Worded, tokens: CLIPTokenizer) -> tuple[list[int], list[int]]:
    """The ids of start and words, without the end, and where each word begins."""
    ids, starts = [int(tokens.bos_token_id or 0)], []
    for word in caption.words:
        starts.append(len(ids))
        ids += word_ids(tokens, word)
    return ids[: LENGTH - 1], starts


@cache
def word_ids(tokens: CLIPTokenizer, word: str) -> tuple[int, ...]:
    return tuple(tokens(word, add_special_tokens=False).input_ids)


def answer_loss(logits: Tensor, right: Tensor, sizes: list[int]) -> Tensor:
    """Mean over the questions; logits (n, 77, sum of sizes), right (n, 77, questions)."""
    parts = torch.split(logits, sizes, dim=-1)
    losses = [F.cross_entropy(part.flatten(0, 1), right[..., i].flatten()) for i, part in enumerate(parts)]
    return torch.stack(losses).mean()
