"""Every training stage on a tiny plan, and what the export is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file
from transformers import CLIPTokenizer

from judging.scenes import random_scene
from models.vocabulary import TAIL, known_words, load_vocabulary
from training.loop.schedule import Schedule
from training.loop.setup import Setup
from training.questions import encode
from training.shapes.captions import plain_caption, random_caption, vocabulary
from training.shapes.mini_sd import PLAN, make
from training.shapes.tokenizer import write_tokenizer

CPU = Setup(device="cpu")
TINY = replace(
    PLAN,
    autoencoder=Schedule(steps=3, rate=1e-3, save_every=1),
    widths=(4, 4, 4, 4),
    pixels=64**2,
    text=Schedule(steps=2, rate=1e-3, save_every=1),
    text_batch=2,
    files=1,
    pictures=4,
    denoiser=Schedule(steps=4, rate=1e-3, save_every=2),
    channels=(16, 16, 32),
    batch=2,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one uninterrupted tiny training; the checkpoint is in `out`."""
    folder = tmp_path_factory.mktemp("made")
    make(TINY, folder / "work", folder / "out", CPU)
    return folder


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    files = sorted(folder.rglob("*.safetensors"))
    return {f"{path.parent.name}/{key}": value for path in files for key, value in load_file(path).items()}


def test_the_export_is_a_stable_diffusion_folder(made: Path) -> None:
    index = json.loads((made / "out" / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert index["safety_checker"] == index["feature_extractor"] == [None, None]
    assert {path.name for path in (made / "out").iterdir()} == {
        "model_index.json", "vae", "text_encoder", "tokenizer", "unet", "scheduler"}  # fmt: skip
    assert all(tensor.dtype == torch.float16 for tensor in tensors(made / "out").values())


def test_the_export_draws(made: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(made / "out", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red circle", num_inference_steps=2).images[0]
    assert image.size == (128, 128)


@pytest.mark.parametrize("stopped", ["autoencoder", "text", "denoiser"])
def test_a_resumed_training_ends_like_an_uninterrupted_one(made: Path, tmp_path: Path, stopped: str) -> None:
    cut = replace(getattr(TINY, stopped), steps=2 if stopped == "denoiser" else 1)
    half = replace(TINY, **{stopped: replace(cut, horizon=getattr(TINY, stopped).steps)})
    make(half, tmp_path / "work", tmp_path / "out", CPU)
    for path in (tmp_path / "work").glob("*.pt"):  # of the other stages: made of an unfinished one, or to be made again
        if path.stem != stopped:
            path.unlink()
    make(TINY, tmp_path / "work", tmp_path / "out", CPU)
    expected, found = tensors(made / "out"), tensors(tmp_path / "out")
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_tokenizer(folder / "tokenizer")
    loaded: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    return loaded


def test_each_word_of_the_captions_is_one_token(tokens: CLIPTokenizer) -> None:
    vocab = tokens.get_vocab()
    for word in vocabulary():
        assert tokens(word, add_special_tokens=False).input_ids == [vocab[word + TAIL]]


def test_known_words_are_read_from_the_vocabulary_file(tokens: CLIPTokenizer) -> None:
    known = load_vocabulary(Path(tokens.name_or_path))
    assert known_words("A beautiful (red circle:1.2), masterpiece", known) == {
        "a": True, "beautiful": False, "red": True, "circle": True, "masterpiece": False}  # fmt: skip
    assert not any(known_words("sacred laptop b l blackboard", known).values())
    ends = {token.removesuffix(TAIL) for token in known if token.endswith(TAIL)}
    assert {word for word in ends if word.isascii() and len(word) > 1} == {w for w in vocabulary() if w != "a"}


@pytest.mark.parametrize("text", ["(red circle:1.2)", "Über 火 🎨 \x7f", "masterpiece, best quality!!", ""])
def test_any_text_becomes_tokens_without_an_end_in_the_middle(tokens: CLIPTokenizer, text: str) -> None:
    ids = tokens(text).input_ids
    assert ids[0] == tokens.bos_token_id
    assert ids.index(tokens.eos_token_id) == len(ids) - 1


def test_training_sees_the_tokens_that_the_pipeline_will(tokens: CLIPTokenizer) -> None:
    rng = np.random.default_rng(0)
    for number in range(100):
        caption = random_caption(random_scene(rng, 1 + number % 2), rng)
        assert encode(caption, tokens)[0] == tokens(caption.text).input_ids[:-1]
    assert plain_caption(random_scene(rng, 2))
