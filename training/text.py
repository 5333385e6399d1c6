"""The text stage: CLIP's text encoder learns what a caption says, without seeing a picture, and is frozen from then on.

At each shape's word it must tell that object's colour and size; at the end of the text and in the padding after it
(the pipeline shows all 77 places to the denoiser) the background and what is where.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from judging.scenes import COLOURS, COLUMNS, PLACES, ROWS, SHAPES, SIZES, Item, Scene, random_scene
from training.captions import Caption, random_caption
from training.loop import Place, train
from training.schedule import Schedule
from training.setup import Setup
from training.tokenizer import LENGTH

WIDTH = 128
LAYERS = 4
NONE = "none"  # of a second object that is not there

# What must be told, and the answers; "" is: the caption leaves it open.
THING: dict[str, tuple[object, ...]] = {
    "colour": ("", *COLOURS, NONE),
    "size": ("", *SIZES, NONE),
    "shape": ("", *SHAPES, NONE),
    "place": (("", ""), *PLACES, NONE),
}
QUESTIONS: dict[str, tuple[object, ...]] = {
    "background": ("", *COLOURS),
    **{f"{order} {key}": answers for order in ("first", "second") for key, answers in THING.items()},
}
NOUN_QUESTIONS = {"colour": THING["colour"], "size": THING["size"]}
IGNORED = -100  # cross_entropy's own


class Worded(Protocol):
    """A caption of any world."""

    @property
    def words(self) -> tuple[str, ...]: ...


class Reader(nn.Module):
    """The text encoder with the linear answers that train it."""

    def __init__(self, tokens: CLIPTokenizer) -> None:
        super().__init__()
        config = CLIPTextConfig(
            vocab_size=len(tokens),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            bos_token_id=tokens.bos_token_id,
            eos_token_id=tokens.eos_token_id,
            pad_token_id=tokens.pad_token_id,
        )
        self.encoder = CLIPTextModel(config)
        self.answers = nn.Linear(WIDTH, sum(map(len, QUESTIONS.values())))
        self.noun_answers = nn.Linear(WIDTH, sum(map(len, NOUN_QUESTIONS.values())))

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
    loss = answer_loss(at_end, told, [len(a) for a in QUESTIONS.values()])
    return loss + answer_loss(at_noun, nouns, [len(a) for a in NOUN_QUESTIONS.values()])


def answer_loss(logits: Tensor, right: Tensor, sizes: list[int]) -> Tensor:
    """Mean over the questions; logits (n, 77, sum of sizes), right (n, 77, questions)."""
    parts = torch.split(logits, sizes, dim=-1)
    losses = [F.cross_entropy(part.flatten(0, 1), right[..., i].flatten()) for i, part in enumerate(parts)]
    return torch.stack(losses).mean()


def exercise(captions: list[Caption], tokens: CLIPTokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids (n, 77) with the right answers (n, 77, questions) after the text and at the nouns."""
    ids = torch.full((len(captions), LENGTH), int(tokens.eos_token_id or 0))
    told = torch.full((len(captions), LENGTH, len(QUESTIONS)), IGNORED)
    nouns = torch.full((len(captions), LENGTH, len(NOUN_QUESTIONS)), IGNORED)
    for row, caption in enumerate(captions):
        text, starts = encode(caption, tokens)
        ids[row, : len(text)] = torch.tensor(text)
        told[row, len(text) :] = torch.tensor(answers(caption.told))
        for noun, item in zip(caption.nouns, caption.told.items, strict=True):
            if noun >= 0 and starts[noun] < LENGTH - 1:
                right = [THING[key].index(getattr(item, key)) for key in NOUN_QUESTIONS]
                nouns[row, starts[noun]] = torch.tensor(right)
    return ids, told, nouns


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


def answers(told: Scene) -> list[int]:
    """The number of each question's answer; the first object is the upper or the left one."""
    things = [thing(item, told) for item in told.items]
    if told.relation in ("below", "right of"):
        things.reverse()
    nothing: dict[str, object] = {**dict.fromkeys(THING, ""), "place": ("", "")}
    if things:
        nothing = dict(dict.fromkeys(THING, NONE))
    things += [nothing] * (2 - len(things))
    found: dict[str, object] = {"background": told.background}
    for order, one in zip(("first", "second"), things, strict=True):
        found |= {f"{order} {key}": value for key, value in one.items()}
    return [list(right).index(found[question]) for question, right in QUESTIONS.items()]


def thing(item: Item, told: Scene) -> dict[str, object]:
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
