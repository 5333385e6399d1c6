"""A checkpoint becomes a stock pipeline, and one that cannot is refused with what to do."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import load_file, save_file

from errors import Cancelled, ModelUnavailable
from models import hub as client
from models import storage
from models.device import Device
from models.families import RECIPES
from models.flexible_unet import FlexibleUNet2DConditionModel
from models.loading import Loaded
from models.progress import Downloading, Loading
from models.registry import registry
from models.residency import Residency
from models.spec import Family, ModelSpec
from tests import published
from tests.hub import Hub
from tests.published import SPECS
from tests.tiny import KINDS, Checkpoints

CPU = Device("cpu", "CPU", "float32", "a test", 1 << 40)
UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
Edit = Callable[[Path], None]


def load(spec: ModelSpec, device: Device = CPU) -> Loaded:
    return Residency(registry([spec]), device).acquire(spec, lambda event: None)


def picture(loaded: Loaded, **more: Any) -> np.ndarray[Any, Any]:
    """A small picture from a fixed seed; (h, w, 3) in [0, 1]."""
    options = {"height": 64, "width": 64, "num_inference_steps": 2, "output_type": "np", **more}
    generator = torch.Generator().manual_seed(1)
    return loaded.pipeline("a red circle", generator=generator, **options).images[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", KINDS)
def test_every_layout_becomes_a_pipeline_that_draws(checkpoints: Checkpoints, name: str) -> None:
    loaded = load(published.from_folder(name, checkpoints[name]))
    xl = name in ("sdxl", "ssd")
    assert type(loaded.pipeline) is (StableDiffusionXLPipeline if xl else StableDiffusionPipeline)
    assert isinstance(loaded.pipeline.unet, FlexibleUNet2DConditionModel) == (name == "decidiffusion")
    result = picture(loaded)
    assert result.shape == (64, 64, 3)
    assert result.std() > 0
    again = type(loaded.pipeline.scheduler).from_config(loaded.scheduler_config)
    assert again.config == loaded.scheduler_config


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_scale_that_the_u_net_takes_changes_the_picture_in_one_pass(checkpoints: Checkpoints, dtype: str) -> None:
    device = Device("cpu", "CPU", dtype, "a test", 1 << 40)
    pipeline = load(published.from_folder("distilled", checkpoints["distilled"]), device).pipeline
    batches = []
    pipeline.unet.register_forward_pre_hook(lambda net, given: batches.append(len(given[0])))
    latents = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1)).to(getattr(torch, dtype))
    options = {"num_inference_steps": 2, "output_type": "latent", "latents": latents}
    one, other = (pipeline("a ring", guidance_scale=scale, **options).images for scale in (2.0, 5.0))
    assert batches == [1] * 4
    assert not torch.equal(one, other)


@pytest.mark.parametrize(("name", "said"), [("sd", "takes no guidance scale"), ("distilled", "takes the guidance")])
def test_an_entry_that_is_wrong_about_guidance_is_refused(checkpoints: Checkpoints, name: str, said: str) -> None:
    spec = published.from_folder(name, checkpoints[name])
    right, wrong = spec.guidance, {"distilled": "classifier-free"}.get(spec.guidance, "distilled")
    with pytest.raises(ModelUnavailable, match=rf"guidance is {wrong} .*{said}.*Write `guidance: {right}`"):
        load(spec.model_copy(update={"guidance": wrong}))


@pytest.mark.parametrize("name", ["sd", "ssd"])
def test_draws_what_diffusers_own_loading_draws(checkpoints: Checkpoints, name: str) -> None:
    folder = checkpoints[name]
    loaded = load(published.from_folder(name, folder))
    options = {"use_safetensors": True, "variant": "fp16", "dtype": torch.float32, "add_watermarker": False}
    skip = {} if name in ("sdxl", "ssd") else {"safety_checker": None, "requires_safety_checker": False}
    stock = type(loaded.pipeline).from_pretrained(folder, **options, **skip)
    stock.set_progress_bar_config(disable=True)
    assert (picture(loaded) == picture(Loaded(loaded.spec, stock, CPU, {}))).all()


def test_deci_uses_the_repos_scheduler(checkpoints: Checkpoints) -> None:
    config = load(published.from_folder("decidiffusion", checkpoints["decidiffusion"])).scheduler_config
    assert (config["prediction_type"], config["rescale_betas_zero_snr"]) == ("v_prediction", True)


@pytest.mark.parametrize(("name", "dtype"), [("sd", "bfloat16"), ("sdxl", "float32"), ("decidiffusion", "float16")])
def test_every_tensor_has_the_devices_precision(checkpoints: Checkpoints, name: str, dtype: str) -> None:
    spec = published.from_folder(name, checkpoints[name])
    pipeline = load(spec, Device("cpu", "CPU", dtype, "", 1 << 40)).pipeline
    for net in (it for it in pipeline.components.values() if isinstance(it, torch.nn.Module)):
        assert {tensor.dtype for tensor in net.parameters()} == {getattr(torch, dtype)}
        assert not any(tensor.requires_grad or tensor.is_meta for tensor in net.parameters())
        assert not net.training


def test_channels_last_with_bfloat16_on_a_cpu(checkpoints: Checkpoints) -> None:
    loaded = load(published.from_folder("sd", checkpoints["sd"]), Device("cpu", "CPU", "bfloat16", "", 1 << 40))
    assert loaded.pipeline.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    assert np.isfinite(picture(loaded)).all()


@pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated:FutureWarning")  # diffusers warns of itself
@pytest.mark.parametrize("name", ["sdxl", "ssd"])
def test_sdxl_is_not_black_in_half_precision(checkpoints: Checkpoints, name: str) -> None:
    """Its VAE overflows there: diffusers decodes in float32 because the configuration asks for it."""
    loaded = load(published.from_folder(name, checkpoints[name]), Device("cpu", "CPU", "float16", "", 1 << 40))
    result = picture(loaded)
    assert np.isfinite(result).all()
    assert result.std() > 0.01


def test_weights_are_in_memory_of_their_own(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """Overwriting the file of a loaded model harms nothing."""
    folder = tmp_path / "sd"
    shutil.copytree(checkpoints["sd"], folder)
    loaded = load(published.from_folder("sd", folder), Device("cpu", "CPU", "float16", "", 1 << 40))
    before = loaded.pipeline.unet.conv_in.weight.clone()
    with (folder / UNET).open("r+b") as file:
        file.write(b"\0" * (folder / UNET).stat().st_size)
    assert torch.equal(loaded.pipeline.unet.conv_in.weight, before)


def test_loading_is_told_component_by_component(checkpoints: Checkpoints) -> None:
    spec = published.from_folder("sdxl", checkpoints["sdxl"])
    events: list[Downloading | Loading] = []
    Residency(registry([spec]), CPU).acquire(spec, events.append)
    told = [event for event in events if isinstance(event, Loading)]
    assert [event.done for event in told] == list(range(8))
    assert {event.total for event in told} == {7}
    assert {event.component for event in told} == set(RECIPES[Family.SDXL].components)


def test_cancel_between_components(checkpoints: Checkpoints) -> None:
    spec = published.from_folder("sd", checkpoints["sd"])
    residency = Residency(registry([spec]), CPU)

    def report(event: Downloading | Loading) -> None:
        if isinstance(event, Loading) and event.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        residency.acquire(spec, report)
    assert residency.states()[spec.name] is storage.State.ON_DISK
    assert picture(residency.acquire(spec, lambda event: None)).std() > 0


def edit_json(name: str, **changes: Any) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


def shorten(name: str, by: int) -> Edit:
    def edit(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-by])

    return edit


def garble(name: str, content: bytes) -> Edit:
    def edit(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return edit


def remove(*patterns: str) -> Edit:
    def edit(folder: Path) -> None:
        for path in [path for pattern in patterns for path in folder.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return edit


def drop_tensor(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    del tensors["conv_in.weight"]
    save_file(tensors, folder / UNET, metadata={"format": "pt"})


BROKEN: Mapping[str, tuple[Edit, str]] = {
    "truncated": (shorten(UNET, 1000), r"fp16.safetensors is damaged: it has \d+ bytes where its header says \d+. Put"),
    "no safetensors": (garble(UNET, b"<html>" * 100), "is damaged: its header is not that of a safetensors file"),
    "empty": (garble(UNET, b""), "is damaged: its header is not that of a safetensors file"),
    "pickles only": (remove("unet/*.safetensors"), "holds its weights only as pickles, which can run any code. Only"),
    "no component": (remove("vae"), r"lacks the component vae \(no vae/config.json\). Use a complete checkpoint"),
    "no weights": (remove("vae/diffusion*"), r"lacks the component vae \(no vae/diffusion_pytorch_model.safetens"),
    "no tokenizer": (remove("tokenizer/vocab.json"), r"lacks the component tokenizer \(no tokenizer/vocab.json\)"),
    "no index": (remove("model_index.json"), "has no model_index.json, so it is no diffusers checkpoint. Name a repo"),
    "other pipeline": (
        edit_json("model_index.json", _class_name="StableDiffusionXLPipeline"),
        "names the pipeline 'StableDiffusionXLPipeline', but the family sd needs StableDiffusionPipeline. Correct",
    ),
    "index is no JSON": (
        garble("model_index.json", b"{"),
        "model_index.json cannot be read .* Put a whole copy in its place",
    ),
    "scheduler unknown": (
        edit_json("model_index.json", scheduler=["diffusers", "MagicScheduler"]),
        "names the scheduler 'MagicScheduler', which diffusers does not have. Only what ships with diffusers is run",
    ),
    "scheduler is none": (edit_json("model_index.json", scheduler=["diffusers", "DDPMPipeline"]), "'DDPMPipeline', wh"),
    "lacks a tensor": (drop_tensor, r"the component unet cannot be built .* lack 1 tensors .* \(conv_in.weight, …\)"),
    "other shapes": (
        edit_json("unet/config.json", block_out_channels=[8, 8, 16, 32]),
        "the component unet cannot be built from .*/unet: .*use another revision or checkpoint",
    ),
    "config is no JSON": (garble("vae/config.json", b"{"), "the component vae cannot be built from .*/vae: .*"),
}


@pytest.mark.parametrize(("edit", "said"), BROKEN.values(), ids=BROKEN)
def test_broken_checkpoints(checkpoints: Checkpoints, tmp_path: Path, edit: Edit, said: str) -> None:
    folder = tmp_path / "sd"
    shutil.copytree(checkpoints["sd"], folder)
    edit(folder)
    spec = published.from_folder("sd", folder)
    residency = Residency(registry([spec]), CPU)
    with pytest.raises(ModelUnavailable, match=f"{spec.name}.*{said}"):
        residency.acquire(spec, lambda event: None)
    assert residency.states()[spec.name] in (storage.State.ON_DISK, storage.State.TO_DOWNLOAD)


def test_too_little_memory_is_no_broken_checkpoint(checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr("diffusers.UNet2DConditionModel.from_pretrained", allocate)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        load(published.from_folder("sd", checkpoints["sd"]))


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"there is no folder .*/nowhere. Correct `repo` in config.yaml"):
        load(published.from_folder("sd", tmp_path / "nowhere"))


def test_remote_code_is_never_run(checkpoints: Checkpoints) -> None:
    """DeciDiffusion's pipeline.py raises when it is imported."""
    assert (checkpoints["decidiffusion"] / "pipeline.py").read_text().startswith("raise")
    load(published.from_folder("decidiffusion", checkpoints["decidiffusion"]))


def test_shards(checkpoints: Checkpoints, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sd"
    shutil.copytree(checkpoints["sd"], folder)
    whole = load(published.from_folder("sd", checkpoints["sd"]))
    remove("unet/*.safetensors")(folder)
    whole.pipeline.unet.half().save_pretrained(folder / "unet", variant="fp16", max_shard_size="100KB")
    whole.pipeline.unet.float()
    assert len(list((folder / "unet").glob("*-of-*.safetensors"))) > 1
    capsys.readouterr()
    sharded = load(published.from_folder("sd", folder))
    assert "shards" not in capsys.readouterr().err  # no bar beside our own
    assert (picture(sharded) == picture(whole)).all()
    next(iter((folder / "unet").glob("*-of-*.safetensors"))).unlink()
    assert not storage.on_disk(published.from_folder("sd", folder))


@pytest.fixture
def served(hub: Hub, checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """SD v1.4 on the local hub, and nothing in the cache."""
    published.use(hub, tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.0)
    return published.on_hub("sd", hub, checkpoints)


def test_from_the_hub_to_a_picture(served: ModelSpec, checkpoints: Checkpoints) -> None:
    local = load(published.from_folder("sd", checkpoints["sd"]))
    assert (picture(load(served)) == picture(local)).all()


def test_a_damaged_download_is_removed_and_fetched_again(served: ModelSpec, hub: Hub) -> None:
    folder = storage.download(served, lambda event: None)
    blob = (folder / UNET).resolve()
    blob.write_bytes(blob.read_bytes()[:-1000])
    with pytest.raises(ModelUnavailable, match=r"is damaged: .* It was removed; try again to download it anew"):
        load(served)
    assert not storage.on_disk(served)
    hub.requests.clear()
    assert picture(load(served)).std() > 0
    assert set(hub.downloaded()) == {UNET}


def test_another_family_is_noticed_before_the_weights_come(
    hub: Hub, checkpoints: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.use(hub, tmp_path / "cache", monkeypatch)
    hub.add(SPECS["sdxl"].repo, checkpoints["sdxl"], commit=SPECS["sdxl"].revision)
    spec = SPECS["sdxl"].model_copy(update={"family": Family.SD})
    with pytest.raises(ModelUnavailable, match="names the pipeline 'StableDiffusionXLPipeline', but the family sd"):
        load(spec)
    assert set(hub.downloaded()) == {"model_index.json"}
