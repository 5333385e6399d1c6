"""DeciDiffusion's U-Net: the published tensors, its quirks, and stock pipelines drawing with it."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UniPCMultistepScheduler,
)
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from models.flexible_layout import Layout
from models.flexible_unet import FlexibleUNet2DConditionModel
from tests.tiny import Checkpoints
from tests.tiny_configs import FLEXIBLE

# Of the sorted lines "name [shape]" of all 612 tensors in the published file.
PUBLISHED_TENSORS = "087ce47526d263cc431f90aec2224444c25d5023a8764ccf28d6952c33b76081"
PUBLISHED_EXAMPLES = {
    "conv_in.weight": [320, 4, 3, 3],
    "time_embedding.linear_2.weight": [1280, 1280],
    "down_blocks.0.downsamplers.0.conv.weight": [320, 320, 3, 3],
    "down_blocks.1.modules_list.1.transformer_blocks.0.attn2.to_k.weight": [640, 768],
    "mid_block.modules_list.6.conv2.weight": [1280, 1280, 3, 3],
    "up_blocks.0.modules_list.2.conv_shortcut.weight": [1280, 1920, 1, 1],
    "up_blocks.2.modules_list.0.conv1.weight": [320, 960, 3, 3],
}


@pytest.fixture
def unet(checkpoints: Checkpoints) -> FlexibleUNet2DConditionModel:
    folder = checkpoints["decidiffusion"]
    net: FlexibleUNet2DConditionModel
    net = FlexibleUNet2DConditionModel.from_pretrained(folder, subfolder="flexible_unet")
    return net


def predict(unet: FlexibleUNet2DConditionModel, height: int = 8, width: int = 8) -> Tensor:
    """The net's answer on fixed latents (2, 4, height, width) and text (2, 77, 16)."""
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(2, 4, height, width, generator=generator)
    text = torch.randn(2, 77, 16, generator=generator)
    with torch.no_grad():
        prediction: Tensor = unet(latents, 500, encoder_hidden_states=text).sample
    return prediction


@pytest.mark.parametrize("configurations", [None, asdict(Layout())], ids=["absent", "spelled out"])
def test_full_size_has_the_published_tensors(configurations: Mapping[str, Any] | None) -> None:
    with torch.device("meta"):
        unet = FlexibleUNet2DConditionModel(configurations)
    shapes = {name: list(tensor.shape) for name, tensor in unet.state_dict().items()}
    assert sum(parameter.numel() for parameter in unet.parameters()) == 814_746_884
    assert len(shapes) == 612
    assert {name: shapes[name] for name in PUBLISHED_EXAMPLES} == PUBLISHED_EXAMPLES
    lines = "\n".join(sorted(f"{name} {shape}" for name, shape in shapes.items()))
    assert sha256(lines.encode()).hexdigest() == PUBLISHED_TENSORS


def test_published_layout_loads_without_conversion(
    unet: FlexibleUNet2DConditionModel, checkpoints: Checkpoints
) -> None:
    file = checkpoints["decidiffusion"] / "flexible_unet" / "diffusion_pytorch_model.safetensors"
    stored, loaded = load_file(file), unet.state_dict()
    assert stored.keys() == loaded.keys()
    assert all(torch.equal(loaded[name], tensor.float()) for name, tensor in stored.items())


def test_first_mid_resnet_runs_twice(unet: FlexibleUNet2DConditionModel) -> None:
    runs: list[int] = []
    for index, module in enumerate(unet.mid_block.modules_list):
        module.register_forward_hook(lambda *_, index=index: runs.append(index))
    predict(unet)
    assert runs == [0, 0, 1, 2, 3, 4, 5, 6]


def test_second_run_changes_the_answer(unet: FlexibleUNet2DConditionModel) -> None:
    twice = predict(unet)
    first, calls = unet.mid_block.modules_list[0], []

    def undo_first_call(_: object, given: tuple[Tensor, ...], answer: Tensor) -> Tensor:
        calls.append(answer)
        return given[0] if len(calls) == 1 else answer

    first.register_forward_hook(undo_first_call)
    assert (predict(unet) - twice).abs().max() > 1e-3


def test_save_and_load_keep_all(unet: FlexibleUNet2DConditionModel, tmp_path: Path) -> None:
    unet.save_pretrained(tmp_path)
    again = FlexibleUNet2DConditionModel.from_pretrained(tmp_path)
    assert again.config.configurations == unet.config.configurations
    assert tuple(again.config.block_out_channels) == (8, 16, 16)  # what was built, not the published default
    kept = again.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in unet.state_dict().items())
    torch.testing.assert_close(predict(again), predict(unet))  # memory is laid out otherwise: not to the bit


def test_works_with_attention_processors(unet: FlexibleUNet2DConditionModel) -> None:
    fused = predict(unet)
    assert len(unet.attn_processors) == 2 * (1 + 3 + 2 + 6 + 3)  # self and cross
    unet.set_attn_processor(AttnProcessor())
    torch.testing.assert_close(predict(unet), fused, rtol=1e-3, atol=1e-4)


def test_keeps_the_shape_of_latents(unet: FlexibleUNet2DConditionModel) -> None:
    assert predict(unet, 8, 24).shape == (2, 4, 8, 24)


@pytest.mark.parametrize(("height", "width"), [(12, 16), (16, 12), (4, 4)])
def test_refuses_sides_off_the_multiple(unet: FlexibleUNet2DConditionModel, height: int, width: int) -> None:
    with pytest.raises(ValueError, match=rf"{width}×{height}.*multiples of 8.*multiples of 64 pixels"):
        predict(unet, height, width)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"add_upsample": [True, True]}, "one value per level"),
        ({"up_blocks_num_resnets": [2, 3, 4]}, "takes 9 skips but the way down leaves 8"),
        ({"add_upsample_mid_block": False}, "3 downsamplings need as many upsamplings, not 2"),
        ({"skip_mid_block": True}, "missing or unknown skip_mid_block"),
        ({"prev_output_channels": [16, 8, 8]}, r"widths do not fit.*\(16, 16, 16\)"),
    ],
)
def test_refuses_a_body_that_cannot_be_built(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layout.parse({**FLEXIBLE, **change})


def test_resnets_go_first_unless_mixed() -> None:
    config = {**FLEXIBLE, "mix_block_in_forward": False}
    block = FlexibleUNet2DConditionModel(config, norm_num_groups=4).up_blocks[0]
    kinds = [type(module).__name__[0] for module in block.get_submodule("modules_list").children()]
    assert "".join(kinds) == "RRTTTTTT"


@pytest.mark.parametrize(
    "sampler",
    [DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UniPCMultistepScheduler],
    ids=["DDIM", "DPM++ 2M", "Euler", "UniPC"],
)
def test_stock_pipeline_draws_finite_pictures(
    unet: FlexibleUNet2DConditionModel, checkpoints: Checkpoints, sampler: type[DDIMScheduler]
) -> None:
    folder = checkpoints["decidiffusion"]
    own = DDIMScheduler.from_pretrained(folder, subfolder="scheduler")
    assert (own.config.prediction_type, own.config.rescale_betas_zero_snr) == ("v_prediction", True)
    pipe = StableDiffusionPipeline(
        unet=unet,
        vae=AutoencoderKL.from_pretrained(folder, subfolder="vae"),
        text_encoder=CLIPTextModel.from_pretrained(folder, subfolder="text_encoder", dtype=torch.float32),
        tokenizer=CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer"),
        scheduler=sampler.from_config(own.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    latents: list[Tensor] = []

    def watch(_: object, step: int, time: int, values: dict[str, Tensor]) -> dict[str, Tensor]:
        latents.append(values["latents"])
        return values

    size = {"height": 64, "width": 128, "num_inference_steps": 4, "guidance_rescale": 0.7}
    seed = torch.Generator().manual_seed(0)
    picture = pipe("a cat", **size, generator=seed, output_type="np", callback_on_step_end=watch).images
    assert picture.shape == (1, 64, 128, 3)
    assert len(latents) == 4
    assert all(bool(step.isfinite().all()) for step in latents)
    assert 0 < picture.std() < 1
