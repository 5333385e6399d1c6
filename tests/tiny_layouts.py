"""What else lies in the five published repositories: the files that must not be downloaded. Names only."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

WEIGHTS = {  # folder -> stem of its weights
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "safety_checker": "model",
}
TEXT_ENCODERS = ("text_encoder", "text_encoder_2")


def _pickles(folders: Iterable[str]) -> tuple[str, ...]:
    """The .bin files of the time before safetensors; transformers' have a longer stem."""
    stems = {"model": "pytorch_model"}
    return tuple(
        f"{folder}/{stems.get(WEIGHTS[folder], WEIGHTS[folder])}{variant}.bin"
        for folder in folders
        for variant in ("", ".fp16")
    )


def _sdxl_exports() -> tuple[str, ...]:
    """The same weights for flax, ONNX and OpenVINO."""
    flax = {"unet": "diffusion_flax_model", "vae": "diffusion_flax_model"}
    onnx = ("unet", *TEXT_ENCODERS, "vae_decoder", "vae_encoder")
    return (
        *(f"{folder}/{flax.get(folder, 'flax_model')}.msgpack" for folder in ("unet", "vae", *TEXT_ENCODERS)),
        *(f"{folder}/{name}" for folder in onnx for name in ("model.onnx", "openvino_model.bin")),
        *(f"{folder}/openvino_model.xml" for folder in onnx),
        *(f"{folder}/model.onnx_data" for folder in ("unet", "text_encoder_2")),
        *(f"{folder}/config.json" for folder in ("vae_1_0", "vae_decoder", "vae_encoder")),
        *(f"vae_1_0/diffusion_pytorch_model{variant}.safetensors" for variant in ("", ".fp16")),
    )


_COMMON = (".gitattributes", "README.md")
DECOYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sd": (
            *_COMMON,
            *_pickles(("unet", "vae", "text_encoder", "safety_checker")),
            *(f"unet/diffusion_pytorch_model.non_ema.{kind}" for kind in ("bin", "safetensors")),
            "scheduler/.ipynb_checkpoints/scheduler_config-checkpoint.json",
            "v1-variants-scores.jpg",
        ),
        "bk": (*_COMMON, *_pickles(("unet", "vae", "text_encoder", "safety_checker"))),
        "sdxl": (
            *_COMMON,
            *_sdxl_exports(),
            "LICENSE.md",
            "sd_xl_base_1.0.safetensors",
            "sd_xl_base_1.0_0.9vae.safetensors",
            "sd_xl_offset_example-lora_1.0.safetensors",
            *("01.png", "comparison.png", "pipeline.png"),
        ),
        "ssd": (
            *_COMMON,
            *(f"SSD-1B{kind}.safetensors" for kind in ("", "-A1111", "-modelspec")),
        ),
        "decidiffusion": (
            *_COMMON,
            "pipeline.py",
            "unet/config.json",
            "unet/diffusion_pytorch_model.safetensors",
        ),
    }
)
