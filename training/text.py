"""The text stage: CLIP's text encoder learns what a caption says, without seeing a picture, and is frozen from then on.

At each shape's word it must tell that object's colour and size; at the end of the text and in the padding after it
(the pipeline shows all 77 places to the denoiser) the background and what is where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from judging.scenes import COLOURS, COLUMNS, PLACES, ROWS, SHAPES, SIZES, Item, Scene, random_scene
from judging.wordings import OPEN
from training.captions import Caption, random_caption
from training.loop import Place, train
from training.schedule import Schedule
from training.setup import Setup
from training.tokenizer import LENGTH

WIDTH = 128
LAYERS = 4
HEADS = 4
NONE = "none"  # of a second object that is not there
NOWHERE = (OPEN, OPEN)  # where a caption leaves the place open
ORDER = ("first", "second")

Questions = Mapping[str, tuple[object, ...]]  # what must be told, and the answers
Told = Mapping[str, object]  # the answer to each question


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


THING = of_thing(SHAPES)
QUESTIONS: Questions = {"background": (OPEN, *COLOURS), **of_both(THING)}
NOUN_QUESTIONS: Questions = {"colour": THING["colour"], "size": THING["size"]}
IGNORED = -100  # cross_entropy's own


class Worded(Protocol):
    """A caption of any world."""

    @property
    def words(self) -> tuple[str, ...]: ...


class Reader(nn.Module):
    """The text encoder with the linear answers that train it."""

    def __init__(self, tokens: CLIPTokenizer) -> None:
        super().__init__()
        self.encoder = CLIPTextModel(encoder(tokens, WIDTH, 4 * WIDTH))
        self.answers = nn.Linear(WIDTH, sum(sizes(QUESTIONS)))
        self.noun_answers = nn.Linear(WIDTH, sum(sizes(NOUN_QUESTIONS)))

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(ids).last_hidden_state
        return self.answers(hidden), self.noun_answers(hidden)


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


def train_text(
    reader: Reader,
    tokens: CLIPTokenizer,
    schedule: Schedule,
    checkpoint: Path,
    *,
    batch: int = 64,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
) -> None:
    """`batch` captions a step, shared out over its parts."""

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        rng = np.random.default_rng((place.seed, 1, place.step))
        captions = [random_caption(random_scene(rng, 1 + n % 2), rng, fillers=0.4) for n in range(batch)]
        captions = captions[place.part :: parts]
        ids, told, nouns = (tensor.to(reader.encoder.device) for tensor in exercise(captions, tokens))
        at_end, at_noun = net(ids)
        return reading_loss(at_end, at_noun, told, nouns), len(captions)

    train(reader, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup)


def reading_loss(at_end: Tensor, at_noun: Tensor, told: Tensor, nouns: Tensor) -> Tensor:
    """Of the reader's answers (n, 77, all answers to the questions), and the right ones of `exercise`."""
    return answer_loss(at_end, told, sizes(QUESTIONS)) + answer_loss(at_noun, nouns, sizes(NOUN_QUESTIONS))


def answer_loss(logits: Tensor, right: Tensor, sizes: list[int]) -> Tensor:
    """Mean over the questions; logits (n, 77, sum of sizes), right (n, 77, questions)."""
    parts = torch.split(logits, sizes, dim=-1)
    losses = [F.cross_entropy(part.flatten(0, 1), right[..., i].flatten()) for i, part in enumerate(parts)]
    return torch.stack(losses).mean()


def exercise(captions: Sequence[Caption], tokens: CLIPTokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids (n, 77) with the right answers (n, 77, questions) after the text and at the nouns."""
    told, nouns = [answers(caption.told) for caption in captions], [at_nouns(caption) for caption in captions]
    return laid_out(captions, told, nouns, QUESTIONS, NOUN_QUESTIONS, tokens)


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


def answers(told: Scene) -> Told:
    return {"background": told.background, **both([thing(item, told) for item in told.items], told.relation)}


def at_nouns(caption: Caption) -> dict[int, Told]:
    """What is told of the thing that a word names."""
    things = [thing(item, caption.told) for item in caption.told.items]
    return dict(zip(caption.nouns, things, strict=True))


def both(things: Sequence[Told], relation: str | None) -> Told:
    """Of none, one or two things; the first is the upper or the left one."""
    if relation in ("below", "right of"):
        things = things[::-1]
    lacking: Told = dict.fromkeys(THING, NONE) if things else {**dict.fromkeys(THING, OPEN), "place": NOWHERE}
    pair = zip(ORDER, (*things, lacking, lacking), strict=False)
    return {f"{order} {key}": value for order, one in pair for key, value in one.items()}


def thing(item: Item, told: Scene) -> Told:
    """What is told of one object."""
    place = told.place if told.relation is None else related(told.relation, item is told.items[0])
    return {"colour": item.colour, "size": item.size, "shape": item.shape, "place": place}


def related(relation: str, first: bool) -> tuple[str, str]:
    """Column and row of the first or the second of two things that stand so to each other."""
    step = 1 if first else -1
    return {
        "above": ("center", ROWS[1 - step]),
        "below": ("center", ROWS[1 + step]),
        "left of": (COLUMNS[1 - step], "middle"),
        "right of": (COLUMNS[1 + step], "middle"),
    }[relation]
