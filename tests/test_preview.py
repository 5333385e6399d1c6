"""Frames are small, have the picture's shape, and show what the latents stand for."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image

from errors import Cancelled
from generation import tiny_decoders
from generation.events import Frame
from generation.preview import Previewer
from generation.settings import Preview, PreviewMode
from generation.tiny_decoders import TinyDecoders
from models.loading import Loaded
from models.progress import Downloading, Loading
from models.spec import TO_BE_PINNED, LatentSpace
from tests import published
from tests.hub import Fault, Hub

LOADED = Callable[[str], Loaded]


def with_space(loaded: Loaded, **changes: Any) -> Loaded:
    space = LatentSpace.model_validate(loaded.spec.latent_space.model_dump() | changes)
    return replace(loaded, spec=loaded.spec.model_copy(update={"latent_space": space}))


def previewer(loaded: Loaded, mode: PreviewMode = "linear", **settings: Any) -> Previewer:
    return Previewer(Preview(**settings), mode, loaded, TinyDecoders(), ignore)


def ignore(_: Downloading | Loading) -> None:
    """A watcher who has seen enough."""


def shown(previewer: Previewer, x0: torch.Tensor) -> np.ndarray[Any, Any]:
    previewer.see(0, 3, x0)
    frame = previewer.next_frame()
    assert isinstance(frame, Frame)
    assert (frame.index, frame.step) == (0, 3)
    assert previewer.next_frame() is None
    with Image.open(BytesIO(frame.jpeg)) as image:
        assert image.format == "JPEG"
        return np.asarray(image).astype(int)


def test_a_matrix_of_one_pixel_per_latent(tiny: LOADED) -> None:
    """Channel 0 is red, 1 green, 2 blue; a gray bias."""
    rgb = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    loaded = with_space(tiny("sd"), rgb=rgb, bias=(-0.5, -0.5, -0.5))
    x0 = torch.zeros(1, 4, 16, 24)
    x0[0, 0, :, :12], x0[0, 2, :, 12:] = 1.5, 0.5
    pixels = shown(previewer(loaded), x0)
    assert pixels.shape == (85, 128, 3)  # enlarged to 128, in the picture's shape
    assert pixels[40, 20] == pytest.approx([255, 64, 64], abs=4)
    assert pixels[40, 108] == pytest.approx([64, 64, 128], abs=4)


def test_no_frame_is_larger_than_asked_for(tiny: LOADED) -> None:
    x0 = torch.zeros(1, 4, 32, 64)
    assert shown(previewer(tiny("sd"), side=48), x0).shape == (24, 48, 3)
    assert shown(previewer(tiny("sd"), "vae", side=100), x0).shape == (50, 100, 3)


def test_the_models_own_decoder(tiny: LOADED) -> None:
    loaded = tiny("sd")
    x0 = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        decoded = loaded.pipeline.vae.decode(x0 / loaded.pipeline.vae.config.scaling_factor).sample
        pixels = shown(previewer(loaded, "vae"), x0)
    expected = ((decoded[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1) * 255).numpy()
    enlarged = Image.fromarray(expected.astype(np.uint8)).resize((128, 128), Image.Resampling.BICUBIC)
    assert pixels.mean() == pytest.approx(np.asarray(enlarged).mean(), abs=3)


def test_sdxls_own_decoder_does_not_overflow_in_half(tiny: LOADED) -> None:
    loaded, x0 = tiny("sdxl"), torch.full((1, 4, 8, 8), 1e5)
    with torch.no_grad():
        expected = shown(previewer(loaded, "vae"), x0)
        loaded.pipeline.vae.to(torch.float16)
        try:
            assert shown(previewer(loaded, "vae"), x0).mean() == pytest.approx(expected.mean(), abs=3)
            assert loaded.pipeline.vae.dtype == torch.float16
        finally:
            loaded.pipeline.vae.to(torch.float32)
    assert expected.any()


def test_costly_modes_keep_to_their_rate(tiny: LOADED) -> None:
    costly = previewer(tiny("sd"), "vae", per_second=0.1)
    assert costly.wants()
    costly.see(0, 1, torch.zeros(1, 4, 8, 8))
    assert not costly.wants()
    free = previewer(tiny("sd"), "linear", per_second=0.1)
    free.see(0, 1, torch.zeros(1, 4, 8, 8))
    assert free.wants()
    assert not previewer(tiny("sd"), "off").wants()


@pytest.fixture
def taesd(tmp_path: Path) -> Path:
    folder = tmp_path / "taesd"
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def test_taesd_from_a_folder(tiny: LOADED, taesd: Path) -> None:
    made = previewer(with_space(tiny("sd"), taesd=str(taesd)), "taesd")
    assert made.notes == ()
    assert shown(made, torch.zeros(1, 4, 8, 8)).shape == (128, 128, 3)


@pytest.fixture
def served(taesd: Path, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same on the local hub; where the client keeps what it downloads."""
    published.use(hub, tmp_path / "cache", monkeypatch)
    hub.add("somebody/taesd", taesd)
    return tmp_path / "cache"


def test_taesd_from_the_hub(tiny: LOADED, served: Path, hub: Hub) -> None:
    loaded = with_space(tiny("sd"), taesd="somebody/taesd", taesd_revision=TO_BE_PINNED)
    told: list[Downloading | Loading] = []
    for _ in range(2):
        assert Previewer(Preview(), "taesd", loaded, TinyDecoders(), told.append).notes == ()
    size = sum(file.size for file in hub.repos["somebody/taesd"].files.values())
    assert told[0] == Downloading("TAESD", "", 0, 0)
    assert told[-1] == Downloading("TAESD", "diffusion_pytorch_model.safetensors", size, size)
    assert len(hub.requests) == 3  # listing and files, once


def test_taesds_download_can_be_left_and_goes_on(tiny: LOADED, served: Path, hub: Hub) -> None:
    loaded = with_space(tiny("sd"), taesd="somebody/taesd", taesd_revision=TO_BE_PINNED)
    weights = hub.repos["somebody/taesd"].files["diffusion_pytorch_model.safetensors"]
    hub.faults.append(Fault(path="*.safetensors", bytes_per_second=20_000))

    def leave(event: Downloading | Loading) -> None:
        if weights.path in hub.downloaded() and hub.downloaded()[weights.path] > 2000:
            raise Cancelled

    decoders = TinyDecoders()
    with pytest.raises(Cancelled):
        Previewer(Preview(), "taesd", loaded, decoders, leave)
    (left,) = served.rglob("*.incomplete")
    assert 0 < left.stat().st_size < weights.size
    assert weights.source.read_bytes().startswith(left.read_bytes())
    kept = left.stat().st_size
    hub.faults.clear()
    hub.requests.clear()
    assert Previewer(Preview(), "taesd", loaded, decoders, ignore).notes == ()
    assert hub.downloaded() == {weights.path: weights.size - kept}


def test_without_taesd_the_preview_is_linear_and_that_is_said(
    tiny: LOADED, served: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_decoders, "RETRY_SECONDS", 1000.0)
    decoders = TinyDecoders()
    nowhere = {"taesd": "nobody/nothing", "taesd_revision": TO_BE_PINNED}
    for space, note in ((nowhere, "could not be had"), ({"taesd": None}, "There is no TAESD")):
        for _ in range(2):
            made = Previewer(Preview(), "taesd", with_space(tiny("sd"), **space), decoders, ignore)
            assert note in made.notes[0]
            assert shown(made, torch.zeros(1, 4, 8, 8)).shape == (128, 128, 3)
    assert len(hub.requests) == 1


def test_taesd_is_tried_again_after_a_while(
    tiny: LOADED, served: Path, taesd: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_decoders, "RETRY_SECONDS", 0.0)
    loaded, decoders = with_space(tiny("sd"), taesd="somebody/taesd", taesd_revision=TO_BE_PINNED), TinyDecoders()
    hub.faults.append(Fault(status=500))
    assert "could not be had" in Previewer(Preview(), "taesd", loaded, decoders, ignore).notes[0]
    hub.faults.clear()
    assert Previewer(Preview(), "taesd", loaded, decoders, ignore).notes == ()


def test_a_repo_that_holds_no_decoder_costs_no_picture(
    tiny: LOADED, served: Path, taesd: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    (taesd / "diffusion_pytorch_model.safetensors").unlink()
    hub.add("somebody/taesd", taesd)
    made = previewer(with_space(tiny("sd"), taesd="somebody/taesd", taesd_revision=TO_BE_PINNED), "taesd")
    assert "could not be had" in made.notes[0]
    assert "somebody/taesd has no diffusion_pytorch_model.safetensors. Name another" in caplog.text


def test_a_folder_that_is_not_there_costs_no_picture(tiny: LOADED, caplog: pytest.LogCaptureFixture) -> None:
    made = previewer(with_space(tiny("sd"), taesd="./nowhere"), "taesd")
    assert "could not be had" in made.notes[0]
    assert "there is no folder ./nowhere" in caplog.text


def test_a_damaged_taesd_costs_no_picture(tiny: LOADED, taesd: Path) -> None:
    (taesd / "diffusion_pytorch_model.safetensors").write_bytes(b"not one")
    made = previewer(with_space(tiny("sd"), taesd=str(taesd)), "taesd")
    assert "could not be had" in made.notes[0]
    assert shown(made, torch.zeros(1, 4, 8, 8)).shape == (128, 128, 3)
