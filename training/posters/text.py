"""The text encoders of mini-sdxl: side by side they learn what a caption says, without seeing a picture.

As SDXL's U-Net does, the answers read both encoders' states before their last layer, put together; what the second one
pools at the end of the text must tell the whole poster by itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from judging.posters.scenes import MOST, PATTERNS, SHAPES, TIMES, Poster, random_poster
from judging.scenes import COLOURS, PLACES, SIZES, Item
from judging.wordings import OPEN
from training.loop import Place, train
from training.posters.captions import Caption, random_caption, several
from training.schedule import Schedule
from training.setup import Setup
from training.text import IGNORED, NONE, answer_loss, encode, related
from training.tokenizer import LENGTH

WIDTHS = (48, 80)
LAYERS = 4
HEADS = 4

# What must be told, and the answers; "" is: the caption leaves it open.
THING: dict[str, tuple[object, ...]] = {
    "colour": (OPEN, *COLOURS, NONE),
    "size": (OPEN, *SIZES, NONE),
    "shape": (OPEN, *SHAPES, NONE),
    "place": (("", ""), *PLACES, NONE),
}
QUESTIONS: dict[str, tuple[object, ...]] = {
    "ground": (OPEN, *PATTERNS, *TIMES),
    "ground colour": (OPEN, *COLOURS),
    "number": tuple(range(MOST + 1)),  # of the same thing
    **{f"{order} {key}": answers for order in ("first", "second") for key, answers in THING.items()},
}
NOUN_QUESTIONS = {"colour": THING["colour"], "size": THING["size"], "number": QUESTIONS["number"]}


class Readers(nn.Module):
    """Both text encoders with the linear answers that train them."""

    def __init__(self, tokens: CLIPTokenizer) -> None:
        super().__init__()
        self.first = CLIPTextModel(config(tokens, WIDTHS[0]))
        self.second = CLIPTextModelWithProjection(config(tokens, WIDTHS[1]))
        self.answers = nn.Linear(sum(WIDTHS), answers_in(QUESTIONS))
        self.noun_answers = nn.Linear(sum(WIDTHS), answers_in(NOUN_QUESTIONS))
        self.pooled_answers = nn.Linear(WIDTHS[1], answers_in(QUESTIONS))

    def states(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Of token ids (n, 77): what the U-Net is led by, (n, 77, sum of widths), and (n, second width)."""
        first = self.first(ids, output_hidden_states=True).hidden_states[-2]
        second = self.second(ids, output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, pooled = self.states(ids)
        return self.answers(states), self.noun_answers(states), self.pooled_answers(pooled)


def config(tokens: CLIPTokenizer, width: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=LENGTH,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )


def answers_in(questions: dict[str, tuple[object, ...]]) -> int:
    return sum(map(len, questions.values()))


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

    train(readers, loss_at, schedule, checkpoint, seed=seed, parts=parts, setup=setup)


def reading_loss(readers: nn.Module, ids: Tensor, told: Tensor, nouns: Tensor) -> Tensor:
    """All answers: after the text, at the nouns, and from what is pooled."""
    at_end, at_noun, pooled = readers(ids)
    sizes = [len(answers) for answers in QUESTIONS.values()]
    loss = answer_loss(at_end, told, sizes) + answer_loss(pooled[:, None], told[:, -1:], sizes)
    return loss + answer_loss(at_noun, nouns, [len(answers) for answers in NOUN_QUESTIONS.values()])


def exercise(captions: list[Caption], tokens: CLIPTokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids (n, 77) with the right answers (n, 77, questions) after the text and at the nouns."""
    ids = torch.full((len(captions), LENGTH), int(tokens.eos_token_id or 0))
    told = torch.full((len(captions), LENGTH, len(QUESTIONS)), IGNORED)
    nouns = torch.full((len(captions), LENGTH, len(NOUN_QUESTIONS)), IGNORED)
    for row, caption in enumerate(captions):
        text, starts = encode(caption, tokens)
        ids[row, : len(text)] = torch.tensor(text)
        told[row, len(text) :] = torch.tensor(answers(caption.told))
        things = dict(zip(caption.nouns, caption.told.items, strict=False))  # of several same things one noun
        for noun, item in things.items():
            if noun >= 0 and starts[noun] < LENGTH - 1:
                right = {"colour": item.colour, "size": size(item, caption.told), "number": number(caption.told)}
                nouns[row, starts[noun]] = torch.tensor([NOUN_QUESTIONS[key].index(right[key]) for key in right])
    return ids, told, nouns


def answers(told: Poster) -> list[int]:
    """The number of each question's answer; the first of a pair is the upper or the left one."""
    things = [thing(item, told) for item in told.items[: 1 if several(told) else 2]]
    if told.relation in ("below", "right of"):
        things.reverse()
    nothing: dict[str, object] = {**dict.fromkeys(THING, OPEN), "place": ("", "")}
    if things:
        nothing = dict(dict.fromkeys(THING, NONE))
    things += [nothing] * (2 - len(things))
    ground = told.ground
    found: dict[str, object] = {
        "ground": ground.time or ground.pattern,
        "ground colour": ground.colour,
        "number": number(told),
    }
    for order, one in zip(("first", "second"), things, strict=True):
        found |= {f"{order} {key}": value for key, value in one.items()}
    return [list(right).index(found[question]) for question, right in QUESTIONS.items()]


def number(told: Poster) -> int:
    """Of the same thing; 0: the words do not say."""
    return len(told.items) if several(told) else min(1, len(told.items))


def size(item: Item, told: Poster) -> str:
    """Several of the same thing have no size that is told."""
    return OPEN if several(told) else item.size


def thing(item: Item, told: Poster) -> dict[str, object]:
    """What is told of one thing."""
    place = ("center", "middle") if several(told) else told.place
    if told.relation is not None:
        place = related(told.relation, item is told.items[0])
    return {"colour": item.colour, "size": size(item, told), "shape": item.shape, "place": place}
