"""The text encoders of mini-sdxl: side by side they learn what a caption says, without seeing a picture.

As SDXL's U-Net does, the answers read both encoders' states before their last layer, put together; what the second one
pools at the end of the text must tell the whole poster by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from judging.posters.scenes import MOST, PATTERNS, SHAPES, TIMES, Poster, random_poster
from judging.scenes import COLOURS, Item
from judging.wordings import OPEN
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.loop.train import Place, train
from training.posters.captions import Caption, random_caption, several
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

WIDTHS = (48, 80)

THING = of_thing(SHAPES)
QUESTIONS: Questions = {
    "ground": (OPEN, *PATTERNS, *TIMES),
    "ground colour": (OPEN, *COLOURS),
    "number": tuple(range(MOST + 1)),  # of the same thing
    **of_both(THING),
}
NOUN_QUESTIONS: Questions = {"colour": THING["colour"], "size": THING["size"], "number": QUESTIONS["number"]}


class Readers(nn.Module):
    """Both text encoders with the linear answers that train them."""

    def __init__(self, tokens: CLIPTokenizer) -> None:
        super().__init__()
        first, second = (encoder(tokens, width, 2 * width) for width in WIDTHS)
        self.first = CLIPTextModel(first)
        self.second = CLIPTextModelWithProjection(second)
        self.answers = nn.Linear(sum(WIDTHS), sum(sizes(QUESTIONS)))
        self.noun_answers = nn.Linear(sum(WIDTHS), sum(sizes(NOUN_QUESTIONS)))
        self.pooled_answers = nn.Linear(WIDTHS[1], sum(sizes(QUESTIONS)))

    def states(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Of token ids (n, 77): what the U-Net is led by, (n, 77, sum of widths), and (n, second width)."""
        first = self.first(ids, output_hidden_states=True).hidden_states[-2]
        second = self.second(ids, output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, pooled = self.states(ids)
        return self.answers(states), self.noun_answers(states), self.pooled_answers(pooled)


def train_text(
    readers: Readers,
    tokens: CLIPTokenizer,
    schedule: Schedule,
    checkpoint: Path,
    *,
    batch: int = 32,
    seed: int = 0,
    parts: int = 1,
    setup: Setup | None = None,
) -> None:
    device = next(readers.parameters()).device

    def loss_at(net: nn.Module, place: Place) -> tuple[Tensor, int]:
        rng = np.random.default_rng((place.seed, 1, place.step, place.part))
        captions = [random_caption(random_poster(rng), rng, fillers=0.3) for _ in range(batch)]
        return reading_loss(net, *(given.to(device) for given in exercise(captions, tokens))), batch

    # The first encoder's last layer: its states before that are what is read.
    train(readers, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup, unused=True)


def reading_loss(readers: nn.Module, ids: Tensor, told: Tensor, nouns: Tensor) -> Tensor:
    """All answers: after the text, at the nouns, and from what is pooled."""
    at_end, at_noun, pooled = readers(ids)
    loss = answer_loss(at_end, told, sizes(QUESTIONS)) + answer_loss(pooled[:, None], told[:, -1:], sizes(QUESTIONS))
    return loss + answer_loss(at_noun, nouns, sizes(NOUN_QUESTIONS))


def exercise(captions: Sequence[Caption], tokens: CLIPTokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids (n, 77) with the right answers (n, 77, questions) after the text and at the nouns."""
    told, nouns = [answers(caption.told) for caption in captions], [at_nouns(caption) for caption in captions]
    return laid_out(captions, told, nouns, QUESTIONS, NOUN_QUESTIONS, tokens)


def answers(told: Poster) -> Told:
    ground, things = told.ground, told.items[: 1 if several(told) else 2]
    return {
        "ground": ground.time or ground.pattern,
        "ground colour": ground.colour,
        "number": number(told),
        **both([thing(item, told) for item in things], told.relation),
    }


def at_nouns(caption: Caption) -> dict[int, Told]:
    """What is told of the thing that a word names."""
    things = [{**thing(item, caption.told), "number": number(caption.told)} for item in caption.told.items]
    return dict(zip(caption.nouns, things, strict=False))  # several same things have one noun


def number(told: Poster) -> int:
    """Of the same thing; 0: the words do not say."""
    return len(told.items) if several(told) else min(1, len(told.items))


def thing(item: Item, told: Poster) -> Told:
    """What is told of one thing; several of the same have no size."""
    place = ("center", "middle") if several(told) else told.place
    if told.relation is not None:
        place = related(told.relation, item is told.items[0])
    return {"colour": item.colour, "size": OPEN if several(told) else item.size, "shape": item.shape, "place": place}
