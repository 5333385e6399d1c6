"""One model on the device at a time; what is shared moves once; memory ends where it was."""

import ctypes
import gc
import shutil
import sys
import weakref
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import torch
from torch import nn

from errors import Cancelled, ModelUnavailable
from models import residency as residencies
from models.device import Device, choose
from models.loading import Loaded
from models.progress import Downloading, Loading
from models.registry import registry
from models.residency import Residency
from models.spec import Elsewhere, ModelSpec
from models.storage import State
from tests import published
from tests.tiny import KINDS, Checkpoints

CPU = Device("cpu", "CPU", "float32", "a test", 1 << 40)
FAMILIES = [
    ("sd", "bk", {"unet"}),
    ("sd", "distilled", {"unet"}),
    ("sdxl", "ssd", {"unet"}),
]  # and what a switch between two relatives moves
Make = Callable[..., Residency]


@pytest.fixture(scope="module")
def specs(checkpoints: Checkpoints) -> dict[str, ModelSpec]:
    return {name: published.from_folder(name, checkpoints[name]) for name in KINDS}


@pytest.fixture
def make(specs: dict[str, ModelSpec]) -> Make:
    """A residency for the six tiny models, with room for all of them unless told otherwise."""

    def call(device: Device = CPU, *, resident: int = 1, warm_bytes: int = 1 << 30) -> Residency:
        return Residency(registry(tuple(specs.values())), device, resident=resident, warm_bytes=warm_bytes)

    return call


def ignore(_: Downloading | Loading) -> None:
    """A watcher who has seen enough."""


def picture(loaded: Loaded) -> str:
    """The hash of a picture from a fixed seed."""
    options = {"height": 64, "width": 64, "num_inference_steps": 1, "output_type": "np"}
    image = loaded.pipeline("a ring", generator=torch.Generator().manual_seed(1), **options).images
    return sha256(image.tobytes()).hexdigest()


def states(residency: Residency, specs: dict[str, ModelSpec]) -> dict[str, State]:
    known = residency.states()
    return {name: known[spec.name] for name, spec in specs.items()}


def test_the_menu_tells_where_each_model_is(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make()
    assert set(states(residency, specs).values()) == {State.ON_DISK}
    residency.acquire(specs["sd"], ignore)
    residency.acquire(specs["sdxl"], ignore)
    residency.acquire(specs["sd"], ignore)
    expected = {"sd": State.ON_DEVICE, "sdxl": State.WARM}
    assert states(residency, specs) == dict.fromkeys(KINDS, State.ON_DISK) | expected
    residency.unload()
    assert states(residency, specs)["sd"] is State.WARM
    residency.free()
    assert set(states(residency, specs).values()) == {State.ON_DISK}


def test_a_model_that_is_there_is_not_loaded_again(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make()
    events: list[Downloading | Loading] = []
    first = residency.acquire(specs["sd"], ignore)
    assert residency.acquire(specs["sd"], events.append) is first
    assert not events


def test_what_was_used_before_is_used_again(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make()
    unet = residency.acquire(specs["sd"], ignore).pipeline.unet
    residency.acquire(specs["decidiffusion"], ignore)
    assert residency.acquire(specs["sd"], ignore).pipeline.unet is unet


@pytest.mark.parametrize("name", ["bk", "sdxl", "decidiffusion"])
def test_memory_never_holds_two(make: Make, specs: dict[str, ModelSpec], name: str) -> None:
    """Without a budget, the model before is gone when the first component of the next one is loaded."""
    residency = make(warm_bytes=0)
    before = residency.acquire(specs["sd"], ignore)
    shared = {"bk": {"text_encoder", "vae"}}.get(name, set())
    nets = {part: net for part, net in before.pipeline.components.items() if isinstance(net, nn.Module)}
    gone = {part: weakref.ref(net) for part, net in nets.items() if part not in shared}
    kept = {part: weakref.ref(net) for part, net in nets.items() if part in shared}
    tensors = [weakref.ref(tensor) for part, net in nets.items() if part not in shared for tensor in net.parameters()]
    del before, nets

    def report(event: Downloading | Loading) -> None:
        assert not any(ref() for ref in gone.values())
        assert not any(ref() is not None for ref in tensors)
        assert all(ref() for ref in kept.values())

    after = residency.acquire(specs[name], report)
    assert all(getattr(after.pipeline, part) is ref() for part, ref in kept.items())


def test_memory_is_free_even_where_somebody_keeps_the_model(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(warm_bytes=0)
    kept = residency.acquire(specs["sd"], ignore)
    residency.acquire(specs["sdxl"], ignore)
    assert sum(tensor.nbytes for tensor in kept.pipeline.unet.parameters()) == 0


@pytest.mark.parametrize(("first", "second", "moves"), FAMILIES)
def test_relatives_share_all_but_the_unet(
    make: Make, specs: dict[str, ModelSpec], first: str, second: str, moves: set[str]
) -> None:
    residency = make(resident=2)
    one, two = (residency.acquire(specs[name], ignore).pipeline.components for name in (first, second))
    nets = {part for part, net in one.items() if isinstance(net, nn.Module)}
    assert {part for part in nets if one[part] is not two[part]} == moves
    assert one["tokenizer"] is two["tokenizer"]
    assert one["scheduler"] is not two["scheduler"]
    total = sum(tensor.nbytes for part in nets for tensor in one[part].parameters())
    unet = sum(tensor.nbytes for tensor in two["unet"].parameters())
    assert sum(part.bytes for part in residency._parts.values()) == pytest.approx(total + unet, rel=0.01)


def test_a_component_from_elsewhere_is_the_others_own(
    make: Make, specs: dict[str, ModelSpec], checkpoints: Checkpoints
) -> None:
    """SDXL's VAE below SD's U-Net, from the top of a folder of its own."""
    residency = make(resident=2)
    vae = Elsewhere(repo=str(checkpoints["sdxl"] / "vae"), folder=".")
    mixed = specs["sd"].model_copy(update={"name": "mixed", "components": {"vae": vae}})
    plain, one, other = (residency.acquire(it, ignore).pipeline for it in (specs["sd"], mixed, specs["sdxl"]))
    assert one.vae is other.vae is not plain.vae
    assert one.unet is plain.unet


def test_other_content_is_not_shared(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(resident=2)
    one, two = (residency.acquire(specs[name], ignore).pipeline for name in ("sd", "decidiffusion"))
    assert one.text_encoder is not two.text_encoder
    assert one.vae is not two.vae


@pytest.mark.parametrize("warm_bytes", [0, 1 << 30])
@pytest.mark.parametrize(("first", "second"), [("sd", "bk"), ("ssd", "decidiffusion")])
def test_there_and_back_gives_the_same_picture(
    make: Make, specs: dict[str, ModelSpec], first: str, second: str, warm_bytes: int
) -> None:
    residency = make(warm_bytes=warm_bytes)
    before = picture(residency.acquire(specs[first], ignore))
    assert picture(residency.acquire(specs[second], ignore)) != before
    assert picture(residency.acquire(specs[first], ignore)) == before


def trim() -> None:
    """Let the C library give back what is free: how much of that it keeps is no business of ours, and varies by MBs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


@pytest.mark.parametrize("warm_bytes", [0, 1 << 30])
def test_twenty_switches_leave_memory_where_it_was(make: Make, specs: dict[str, ModelSpec], warm_bytes: int) -> None:
    residency, process = make(warm_bytes=warm_bytes), psutil.Process()

    def switches(count: int) -> None:
        for i in range(count):
            residency.acquire(specs[("sd", "bk")[i % 2]], ignore)

    def measured() -> tuple[int, int]:
        gc.collect()
        trim()
        return process.memory_info().rss, sum(issubclass(type(it), nn.Module) for it in gc.get_objects())

    switches(4)
    memory, nets = measured()
    switches(20)
    after, nets_after = measured()
    assert nets_after == nets
    assert after - memory < 8e6


def test_the_budget_lets_go_of_the_one_used_longest_ago(make: Make, specs: dict[str, ModelSpec]) -> None:
    probe = make()
    sizes = {}
    for name in ("sd", "sdxl", "decidiffusion"):
        probe.free()
        probe.acquire(specs[name], ignore)
        sizes[name] = sum(part.bytes for part in probe._parts.values())
    residency = make(warm_bytes=sum(sizes.values()) - 1)
    for name in ("sd", "sdxl", "sd", "decidiffusion"):
        residency.acquire(specs[name], ignore)
    assert states(residency, specs) | {"bk": None, "distilled": None, "ssd": None} == {
        "sd": State.WARM,
        "bk": None,
        "distilled": None,
        "sdxl": State.ON_DISK,
        "ssd": None,
        "decidiffusion": State.ON_DEVICE,
    }
    assert sum(part.bytes for part in residency._parts.values()) == sizes["sd"] + sizes["decidiffusion"]


def test_several_may_be_resident(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(resident=2)
    for name in ("sd", "sdxl", "sd", "bk"):
        residency.acquire(specs[name], ignore)
    found = states(residency, specs)
    assert (found["sd"], found["bk"], found["sdxl"]) == (State.ON_DEVICE, State.ON_DEVICE, State.WARM)


def test_what_others_take_beside_a_model_is_known(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(resident=2)
    sizes = {}
    for name in ("sdxl", "sd", "bk"):  # the first one leaves for the last, and these two differ in their U-Nets alone
        loaded = residency.acquire(specs[name], ignore)
        sizes[name] = sum(
            tensor.nbytes for tensor in (*loaded.pipeline.unet.parameters(), *loaded.pipeline.unet.buffers())
        )
    assert residency.bytes_beside(specs["bk"].name) == sizes["sd"]
    assert residency.bytes_beside(specs["sd"].name) == sizes["bk"]


@pytest.mark.parametrize("done", range(6))
def test_cancel_leaves_nothing_behind(make: Make, specs: dict[str, ModelSpec], done: int) -> None:
    residency = make()
    residency.acquire(specs["sdxl"], ignore)
    before = sum(part.bytes for part in residency._parts.values())

    def report(event: Downloading | Loading) -> None:
        if isinstance(event, Loading) and event.done == done:
            raise Cancelled

    with pytest.raises(Cancelled):
        residency.acquire(specs["sd"], report)
    assert sum(part.bytes for part in residency._parts.values()) == before
    found = states(residency, specs)
    assert (found["sd"], found["sdxl"]) == (State.ON_DISK, State.WARM)


def test_no_room_is_said_before_anything_leaves(
    make: Make, specs: dict[str, ModelSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    residency = make()
    residency.acquire(specs["bk"], ignore)
    monkeypatch.setattr(residencies, "free_bytes", lambda device: 100_000)
    events: list[Downloading | Loading] = []
    with pytest.raises(ModelUnavailable, match=r"sdxl-base-1.0 needs about .* memory on CPU, where .* None of the mo"):
        residency.acquire(specs["sdxl"], events.append)
    assert not events
    assert states(residency, specs)["bk"] is State.ON_DEVICE


def test_no_room_says_what_would_fit(make: Make, specs: dict[str, ModelSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    small = specs["bk"].model_copy(update={"parameters": 10_000})
    specs = {**specs, "bk": small}
    residency = Residency(registry(tuple(specs.values())), CPU)
    monkeypatch.setattr(residencies, "free_bytes", lambda device: 100_000)
    with pytest.raises(ModelUnavailable, match=r"These fit: bk-sdm-small. Or close what else uses that memory"):
        residency.acquire(specs["sdxl"], ignore)


def test_scarce_memory_takes_what_is_warm(
    make: Make, specs: dict[str, ModelSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    residency = make()
    residency.acquire(specs["sd"], ignore)

    def free(device: Device) -> int:
        return 8_000_000 - sum(part.bytes for part in residency._parts.values())

    monkeypatch.setattr(residencies, "free_bytes", free)
    residency.acquire(specs["sdxl"], ignore)
    residency.acquire(specs["decidiffusion"], ignore)
    assert free(CPU) >= 0
    assert states(residency, specs)["decidiffusion"] is State.ON_DEVICE


def test_a_retrained_folder_is_noticed(checkpoints: Checkpoints, tmp_path: Path) -> None:
    """The files' content decides what is the same, not their names."""
    folder = tmp_path / "bk"
    shutil.copytree(checkpoints["bk"], folder)
    spec = published.from_folder("bk", folder)
    residency = Residency(registry([spec]), CPU, warm_bytes=1 << 30)
    first = picture(residency.acquire(spec, ignore))
    shutil.copyfile(
        checkpoints["sd"] / "unet/diffusion_pytorch_model.fp16.safetensors",
        folder / "unet/diffusion_pytorch_model.fp16.safetensors",
    )
    shutil.copyfile(checkpoints["sd"] / "unet/config.json", folder / "unet/config.json")
    residency.unload()
    assert picture(residency.acquire(spec, ignore)) != first


META = Device("meta", "a device with memory of its own", "float16", "a test", 1 << 40)  # torch's, without any memory


def kinds(pipeline: Any) -> set[str]:
    nets = (pipeline.unet, pipeline.vae, pipeline.text_encoder)
    return {tensor.device.type for net in nets for tensor in (*net.parameters(), *net.buffers())}


def test_leaving_a_device_copies_nothing_back(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(META)
    one = residency.acquire(specs["sd"], ignore).pipeline
    assert kinds(one) == {"meta"}
    two = residency.acquire(specs["bk"], ignore).pipeline
    assert {tensor.device.type for tensor in one.unet.parameters()} == {"cpu"}
    assert {tensor.device.type for tensor in one.vae.parameters()} == {"meta"}  # shared, so it stayed
    home = [tensor.data_ptr() for tensor in one.unet.parameters()]
    assert 0 not in home
    assert residency.acquire(specs["sd"], ignore).pipeline.unet is one.unet
    residency.unload()
    assert [tensor.data_ptr() for tensor in one.unet.parameters()] == home
    assert kinds(one) == kinds(two) == {"cpu"}


def test_without_a_budget_the_device_alone_holds_a_model(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(META, warm_bytes=0)
    one = residency.acquire(specs["sd"], ignore).pipeline
    assert not any(part.in_host for part in residency._parts.values() if part.bytes)
    assert residency.acquire(specs["sd"], ignore).pipeline is one
    two = residency.acquire(specs["bk"], ignore).pipeline
    assert two.vae is one.vae
    assert kinds(two) == {"meta"}
    assert states(residency, specs)["sd"] is State.ON_DISK
    residency.unload()
    assert not any(part.bytes for part in residency._parts.values())
    assert set(states(residency, specs).values()) == {State.ON_DISK}


def test_precision_is_restored(make: Make, specs: dict[str, ModelSpec]) -> None:
    """A run that broke off in mid-decode leaves the VAE in float32."""
    for warm_bytes in (0, 1 << 30):
        residency = make(META, warm_bytes=warm_bytes)
        vae = residency.acquire(specs["sdxl"], ignore).pipeline.vae
        nn.Module.to(vae, torch.float32)
        assert residency.acquire(specs["sdxl"], ignore).pipeline.vae.dtype == torch.float16


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("warm_bytes", [0, 1 << 30])
def test_on_cuda_memory_never_holds_two(make: Make, specs: dict[str, ModelSpec], warm_bytes: int) -> None:
    residency = make(choose("cuda"), warm_bytes=warm_bytes)
    sizes: dict[str, int] = {}
    for name in ("sd", "sdxl", "decidiffusion", "sd", "sdxl", "decidiffusion"):
        seen: list[int] = []

        def report(event: Downloading | Loading, seen: list[int] = seen) -> None:
            seen.append(torch.cuda.memory_allocated())

        loaded = residency.acquire(specs[name], report)
        allocated = torch.cuda.memory_allocated()
        assert seen[0] < 1e6
        assert sizes.setdefault(name, allocated) == allocated
        assert {tensor.device.type for tensor in loaded.pipeline.unet.parameters()} == {"cuda"}
    residency.unload()
    del loaded
    assert torch.cuda.memory_allocated() < 1e6


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_there_and_back_gives_the_same_pictures(make: Make, specs: dict[str, ModelSpec]) -> None:
    for warm_bytes in (0, 1 << 30):
        residency = make(choose("cuda"), warm_bytes=warm_bytes)
        first = {name: picture(residency.acquire(spec, ignore)) for name, spec in specs.items()}
        assert first == {name: picture(residency.acquire(spec, ignore)) for name, spec in specs.items()}


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_twenty_switches_leave_memory_where_it_was(make: Make, specs: dict[str, ModelSpec]) -> None:
    residency = make(choose("cuda"))
    seen = set()
    for i in range(24):
        residency.acquire(specs[("sd", "sdxl", "bk", "decidiffusion")[i % 4]], ignore)
        seen.add((i % 4, torch.cuda.memory_allocated()))
    assert len(seen) == 4
