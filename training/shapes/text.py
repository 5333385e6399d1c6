"""The text stage: CLIP's text encoder learns what a caption says, without seeing a picture, and is frozen from then on.

At each shape's word it must tell that object's colour and size; at the end of the text and in the padding after it
(the pipeline shows all 77 places to the denoiser) the background and what is where.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from judging.scenes import COLOURS, SHAPES, Item, Scene, random_scene
from judging.wordings import OPEN
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.questions import (
    Questions,
    Told,
    answer_loss,
    both,
    encoder,
    laid_out,
    of_both,
    of_thing,
    related,
    sizes,
)
from training.shapes.captions import Caption, random_caption

WIDTH = 128

THING = of_thing(SHAPES)
QUESTIONS: Questions = {"background": (OPEN, *COLOURS), **of_both(THING)}
NOUN_QUESTIONS: Questions = {"colour": THING["colour"], "size": THING["size"]}


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


def exercise(captions: Sequence[Caption], tokens: CLIPTokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids (n, 77) with the right answers (n, 77, questions) after the text and at the nouns."""
    told, nouns = [answers(caption.told) for caption in captions], [at_nouns(caption) for caption in captions]
    return laid_out(captions, told, nouns, QUESTIONS, NOUN_QUESTIONS, tokens)


def answers(told: Scene) -> Told:
    return {"background": told.background, **both([thing(item, told) for item in told.items], told.relation)}


def at_nouns(caption: Caption) -> dict[int, Told]:
    """What is told of the thing that a word names."""
    things = [thing(item, caption.told) for item in caption.told.items]
    return dict(zip(caption.nouns, things, strict=True))


def thing(item: Item, told: Scene) -> Told:
    """What is told of one object."""
    place = told.place if told.relation is None else related(told.relation, item is told.items[0])
    return {"colour": item.colour, "size": item.size, "shape": item.shape, "place": place}
