"""A prompt's text → what a pipeline is given in its place: weighted, and as long as it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from generation.pace import passes
from generation.request import GenerationRequest
from generation.weights import Fragment, fragments, understood
from models.spec import ModelSpec
from models.vocabulary import known_words


@dataclass(frozen=True)
class Text:
    """Encoded prompts."""

    arguments: dict[str, torch.Tensor]  # of the pipeline's call
    notes: tuple[str, ...]  # what the user should know


@dataclass(frozen=True)
class _Embedded:
    """One prompt, as the net is shown it."""

    tokens: torch.Tensor  # (1, 77·chunks, width)
    pooled: torch.Tensor | None  # (1, width); None where the family has none


def encode(pipeline: Any, spec: ModelSpec, request: GenerationRequest) -> Text:
    """Both prompts of `request` for `pipeline`. A short one without weights becomes exactly what the pipeline makes."""
    prompt, notes = understood(request.prompt)
    negative, more = understood(request.negative_prompt)
    notes += more
    if spec.vocabulary:
        notes += _unknown(prompt, pipeline.tokenizer)
    positive = _embed(pipeline, prompt)
    if passes(request, spec) == 1:
        if negative.strip():
            notes.append("The negative prompt did nothing: it needs a guidance scale above 1.")
        return Text(_arguments(positive, ""), tuple(notes))
    if not negative and getattr(pipeline.config, "force_zeros_for_empty_prompt", False):
        against = _Embedded(torch.zeros_like(positive.tokens), _zeros(positive.pooled))
    else:
        positive, against = _padded(pipeline, positive, _embed(pipeline, negative))
    return Text(_arguments(positive, "") | _arguments(against, "negative_"), tuple(notes))


def _unknown(prompt: str, tokenizer: Any) -> list[str]:
    words = [word for word, known in known_words(prompt, frozenset(tokenizer.get_vocab())).items() if not known]
    return [f"Words that this model does not know, and ignored: {', '.join(words)}."] if words else []


def _arguments(embedded: _Embedded, prefix: str) -> dict[str, torch.Tensor]:
    arguments = {f"{prefix}prompt_embeds": embedded.tokens}
    return arguments if embedded.pooled is None else arguments | {f"{prefix}pooled_prompt_embeds": embedded.pooled}


def _zeros(pooled: torch.Tensor | None) -> torch.Tensor | None:
    return None if pooled is None else torch.zeros_like(pooled)


def _padded(pipeline: Any, first: _Embedded, second: _Embedded) -> tuple[_Embedded, _Embedded]:
    """Both as long as the longer one, filled up with what an empty prompt becomes."""
    length = max(first.tokens.shape[1], second.tokens.shape[1])

    def filled(embedded: _Embedded) -> _Embedded:
        missing = length - embedded.tokens.shape[1]
        if not missing:
            return embedded
        empty = _embed(pipeline, "").tokens
        return _Embedded(torch.cat([embedded.tokens, *[empty] * (missing // empty.shape[1])], dim=1), embedded.pooled)

    return filled(first), filled(second)


def _embed(pipeline: Any, prompt: str) -> _Embedded:
    tokenizer = pipeline.tokenizer
    parts = [part for part in fragments(prompt) if _tokens(tokenizer, part.text)]
    text = "".join(part.text for part in parts)
    if all(part.weight == 1 for part in parts) and len(_tokens(tokenizer, text)) <= tokenizer.model_max_length - 2:
        made = pipeline.encode_prompt(
            prompt=text, device=_device(pipeline), num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        return _Embedded(made[0], made[2] if len(made) > 2 else None)
    return _compelled(pipeline, parts, text)


def _tokens(tokenizer: Any, text: str) -> list[int]:
    """Without the ones that begin and end every prompt."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    return ids


def _device(pipeline: Any) -> torch.device:
    device: torch.device = pipeline._execution_device
    return device


def _compelled(pipeline: Any, parts: list[Fragment], text: str) -> _Embedded:
    """By compel: in chunks of 77 tokens, weights applied to what the text encoders make of them."""
    from compel import Compel, ReturnedEmbeddingsType
    from compel.prompt_parser import FlattenedPrompt
    from compel.prompt_parser import Fragment as Part

    prompt = FlattenedPrompt()
    for part in parts:
        child = Part("", part.weight)
        child.text = part.text  # set here because its constructor takes \( and \" out, which are text by now
        prompt.append(child)
    xl = hasattr(pipeline, "text_encoder_2")
    kind = (
        ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
        if xl
        else ReturnedEmbeddingsType.LAST_HIDDEN_STATES_NORMALIZED
    )
    encoders = [(pipeline.tokenizer, pipeline.text_encoder)]
    encoders += [(pipeline.tokenizer_2, pipeline.text_encoder_2)] if xl else []
    compels = [
        Compel(tokenizer=tokenizer, text_encoder=encoder, returned_embeddings_type=kind, truncate_long_prompts=False,
               device=str(_device(pipeline)))
        for tokenizer, encoder in encoders
    ]  # fmt: skip
    made = [compel.build_conditioning_tensor_for_prompt_object(prompt)[0][0] for compel in compels]
    pooled = compels[-1].conditioning_provider.get_pooled_embeddings([text], device=_device(pipeline)) if xl else None
    return _Embedded(torch.cat(made, dim=-1), pooled)
