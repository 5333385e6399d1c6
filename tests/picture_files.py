"""Files as the programs write them that make pictures, built from how each one documents or writes its own."""

import struct
import zlib
from io import BytesIO
from typing import Any, Literal

from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
A1111 = """a lighthouse, (storm:1.2) <lora:more_detail:0.8>
at night
Negative prompt: blurry,
ugly
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.4, Clip skip: 2, Hires upscale: 2, \
Hires upscaler: Latent, Lora hashes: "more_detail: 12ab34cd56ef", Version: v1.10.1"""
FORGE = """a lighthouse
Steps: 18, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 456, \
Size: 896x1152, Model hash: 06f96f89f6, Model: flux1-dev, Version: f2.0.1v1.10.1-previous-634-g37301b22, Module 1: ae"""
SDNEXT = """a lighthouse
Negative prompt: people
Steps: 30, Seed: 99, Sampler: DPM++ 2M, CFG scale: 6.5, Size: 1024x1024, Parser: native, Model: sd_xl_base_1.0, \
Model hash: 31e35c80fc, VAE: sdxl_vae, Backend: Diffusers, App: SD.Next, Version: 0bab3d1, Operations: txt2img, \
Pipeline: StableDiffusionXLPipeline, Sampler sigma: karras"""
FOOOCUS = {
    "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "juggernautXL_v8Rundiffusion",
    "base_model_hash": "aeb7e9e689",
    "full_negative_prompt": ["blurry", "watermark"],
    "full_prompt": ["cinematic still a lighthouse . moody", "a lighthouse, highly detailed"],
    "guidance_scale": 4,
    "lora_combined_1": "sd_xl_offset_example-lora_1.0 : 0.1",
    "loras": [["sd_xl_offset_example-lora_1.0", 0.1, "4852686128"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": "",
    "performance": "Speed",
    "prompt": "a lighthouse",
    "refiner_model": "None",
    "resolution": "(1152, 896)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "127589946317439009",
    "sharpness": 2,
    "steps": 30,
    "styles": "['Fooocus V2', 'Fooocus Sharp']",
    "vae": "Default (model)",
    "version": "Fooocus v2.5.5",
}
FOOOCUS_A1111 = """cinematic still a lighthouse . moody, a lighthouse, highly detailed
Negative prompt: blurry, watermark
Steps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 5, Size: 1152x896, CFG scale: 4, Sharpness: 2, \
ADM Guidance: "(1.5, 0.8, 0.3)", Model: juggernautXL_v8Rundiffusion, Model hash: aeb7e9e689, Performance: Speed, \
Scheduler: karras, VAE: Default (model), Raw prompt: a lighthouse, Raw negative prompt: , \
Lora hashes: "sd_xl_offset_example-lora_1.0: 4852686128", Version: Fooocus v2.5.5"""
INVOKEAI = {
    "app_version": "5.6.0",
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "a lighthouse",
    "negative_prompt": "people",
    "width": 1024,
    "height": 768,
    "seed": 356120443,
    "rand_device": "cpu",
    "cfg_scale": 7.5,
    "cfg_rescale_multiplier": 0.0,
    "steps": 50,
    "scheduler": "dpmpp_2m_sde_k",
    "clip_skip": 0,
    "seamless_x": False,
    "model": {"key": "a1", "hash": "blake3:ab", "name": "SSD-1B", "base": "sdxl", "type": "main"},
    "controlnets": [{"image": {"image_name": "a.png"}, "control_model": {"name": "canny"}, "control_weight": 0.7}],
    "loras": [{"model": {"key": "b2", "name": "pixel"}, "weight": 0.75}],
    "vae": {"key": "c3", "name": "sdxl-vae-fp16-fix"},
}
SD_METADATA = {
    "model": "stable diffusion",
    "model_weights": "stable-diffusion-v1-4",
    "model_hash": "c6bbc15e",
    "app_version": "2.3.5",
    "image": {
        "type": "txt2img",
        "prompt": [{"prompt": "a lighthouse [people, boats]", "weight": 1}],
        "steps": 50,
        "cfg_scale": 7.5,
        "sampler": "k_euler_a",
        "seed": 7,
        "width": 512,
        "height": 512,
        "hires_fix": True,
    },
}
COMFYUI = {  # its own example with a LoRA
    "3": {
        "inputs": {
            "seed": 851616030078638,
            "steps": 20,
            "cfg": 8,
            "sampler_name": "euler_ancestral",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["10", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
        "class_type": "KSampler",
        "_meta": {"title": "KSampler"},
    },
    "4": {"inputs": {"ckpt_name": "SDXL\\sd_xl_base_1.0.safetensors"}, "class_type": "CheckpointLoaderSimple"},
    "5": {"inputs": {"width": 512, "height": 640, "batch_size": 1}, "class_type": "EmptyLatentImage"},
    "6": {"inputs": {"text": "a lighthouse", "clip": ["10", 1]}, "class_type": "CLIPTextEncode"},
    "7": {"inputs": {"text": "people", "clip": ["10", 1]}, "class_type": "CLIPTextEncode"},
    "8": {"inputs": {"samples": ["3", 0], "vae": ["4", 2]}, "class_type": "VAEDecode"},
    "9": {"inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}, "class_type": "SaveImage"},
    "10": {
        "inputs": {
            "lora_name": "epiNoiseoffset_v2.safetensors",
            "strength_model": 1,
            "strength_clip": 1,
            "model": ["4", 0],
            "clip": ["4", 1],
        },
        "class_type": "LoraLoader",
    },
}


def picture(side: int = 8) -> Image.Image:
    return Image.linear_gradient("L").resize((side, side)).convert("RGB")


def png(texts: dict[str, str] | None = None, side: int = 8) -> bytes:
    """As Pillow writes it for all of these programs: Latin-1 as tEXt, other letters as iTXt."""
    info = PngInfo()
    for keyword, text in (texts or {}).items():
        info.add_text(keyword, text)
    buffer = BytesIO()
    picture(side).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def with_chunk(content: bytes, kind: bytes, data: bytes, count: int = 1) -> bytes:
    """A PNG with a further chunk, several times, behind its header."""
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return content[:33] + chunk * count + content[33:]


def encoded(kind: Literal["JPEG", "WEBP"], exif: bytes = b"", side: int = 8, **options: Any) -> bytes:
    """A JPEG or WebP with `exif`, which begins with a TIFF's head."""
    buffer = BytesIO()
    picture(side).save(buffer, kind, exif=b"Exif\0\0" + exif, **options) if exif else picture(side).save(buffer, kind)
    return buffer.getvalue()


def user_comment(text: str, codec: str = "utf-16-be", order: Literal["<", ">"] = ">") -> bytes:
    """EXIF with the UserComment that A1111, Forge and SD.Next write by way of piexif."""
    value = b"UNICODE\0" + text.encode(codec)
    first = struct.pack(f"{order}HHHII", 1, 0x8769, 4, 1, 26) + bytes(4)
    second = struct.pack(f"{order}HHHII", 1, 0x9286, 7, len(value), 44) + bytes(4)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    return head + first + second + value


def pillow_exif(tags: dict[int, str]) -> bytes:
    """EXIF with texts in its first table, as Fooocus and ComfyUI have Pillow write it."""
    exif = Image.Exif()
    for tag, text in tags.items():
        exif[tag] = text
    return exif.tobytes().removeprefix(b"Exif\0\0")


def animated() -> bytes:
    """A WebP of two pictures."""
    buffer = BytesIO()
    picture().save(buffer, "WEBP", save_all=True, append_images=[picture().rotate(90)])
    return buffer.getvalue()


def with_sides(width: int, height: int) -> bytes:
    """A PNG that says it has these sides, and has hardly any pixels."""
    content = png()
    header = struct.pack(">II", width, height) + content[24:29]
    return content[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + content[33:]
