"""Models come from the hub with only the files needed, and whatever goes wrong on the way is said."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download

from errors import Cancelled, ModelUnavailable
from models import cache as caches
from models import hub as client
from models import storage
from models.progress import Downloading, Loading
from models.spec import TO_BE_PINNED, Elsewhere, ModelSpec, Source
from tests import published
from tests.hub import Fault, Hub
from tests.published import SPECS
from tests.tiny import REPOS, Checkpoints

UNET = "unet/diffusion_pytorch_model.fp16.safetensors"
Serve = Callable[[str], ModelSpec]


@pytest.fixture
def cache(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's cache: empty, with `hub` as the only hub there is."""
    published.use(hub, tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def serve(hub: Hub, cache: Path, checkpoints: Checkpoints) -> Serve:
    """Put a tiny checkpoint on the hub, in place of the published one."""
    return lambda name: published.on_hub(name, hub, checkpoints)


def ignore(_: Downloading | Loading) -> None:
    """A watcher who has seen enough."""


def bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", REPOS)
def test_downloads_only_what_is_needed(hub: Hub, serve: Serve, name: str) -> None:
    spec = serve(name)
    assert (storage.on_disk(spec), storage.missing_bytes(spec)) == (False, spec.download_bytes)
    folder = storage.download(spec, ignore)
    weights = {path for path in hub.downloaded() if path.endswith(".safetensors")}
    variant = ".fp16" if spec.variant else ""
    unet = "flexible_unet" if name == "decidiffusion" else "unet"
    expected = {f"{net}/diffusion_pytorch_model{variant}.safetensors" for net in (unet, "vae")}
    encoders = ("text_encoder", "text_encoder_2") if name in ("sdxl", "ssd") else ("text_encoder",)
    expected |= {f"{encoder}/model{variant}.safetensors" for encoder in encoders}
    assert weights == expected
    others = hub.downloaded().keys() - weights
    assert all(path.endswith((".json", "merges.txt")) for path in others)
    assert not any("ipynb" in path or path.startswith(("vae_", "safety", "feature")) for path in others)
    assert (storage.on_disk(spec), storage.missing_bytes(spec)) == (True, 0)
    assert (folder / "model_index.json").is_file()


@pytest.mark.parametrize("name", REPOS)
def test_what_is_on_the_disk_needs_no_network(hub: Hub, serve: Serve, name: str) -> None:
    spec = serve(name)
    folder = storage.download(spec, ignore)
    hub.requests.clear()
    assert storage.download(spec, ignore) == folder
    assert not hub.requests


def test_other_programs_find_what_was_downloaded(serve: Serve) -> None:
    spec = serve("sd")
    folder = storage.download(spec, ignore)
    found = hf_hub_download(spec.repo, UNET, revision=spec.revision, local_files_only=True)
    assert Path(found) == folder / UNET


def test_what_other_programs_downloaded_is_used(hub: Hub, serve: Serve) -> None:
    spec = serve("sd")
    options = {"revision": spec.revision, "endpoint": hub.url}
    hf_hub_download(spec.repo, UNET, **options)  # type: ignore[call-overload]
    hub.requests.clear()
    storage.download(spec, ignore)
    assert UNET not in hub.downloaded()


def test_a_component_comes_from_another_repo(hub: Hub, serve: Serve, checkpoints: Checkpoints) -> None:
    vae = checkpoints["bk"] / "vae"
    hub.add("somebody/vae", vae, commit="5" * 40)
    other = Elsewhere(repo="somebody/vae", revision="5" * 40, folder=".")
    spec = serve("sd").model_copy(update={"components": {"vae": other}})
    assert storage.incomplete(spec) == list(spec.sources)
    storage.download(spec, ignore)
    assert {path for path in hub.downloaded() if "vae" in path or "/" not in path} == {
        *("model_index.json", "config.json", "diffusion_pytorch_model.fp16.safetensors")
    }
    assert storage.on_disk(spec)
    moved = {"vae": other.model_copy(update={"revision": "6" * 40})}
    assert storage.incomplete(spec.model_copy(update={"components": moved})) == [
        Source(spec.name, "somebody/vae", "6" * 40)
    ]


def test_what_is_lacking_elsewhere_is_named(checkpoints: Checkpoints, tmp_path: Path) -> None:
    spec = published.from_folder("sd", checkpoints["sd"])
    local = spec.model_copy(update={"components": {"vae": Elsewhere(repo=str(tmp_path))}})
    assert (storage.on_disk(spec), storage.on_disk(local), storage.missing_bytes(local)) == (True, False, 0)
    with pytest.raises(ModelUnavailable, match=rf"{tmp_path} lacks the component vae \(no vae/config.json\)"):
        storage.chosen(local)
    hubs = spec.model_copy(update={"components": {"vae": Elsewhere(repo="somebody/vae", revision="6" * 40)}})
    assert storage.missing_bytes(hubs) == spec.download_bytes


def test_relatives_share_a_download(hub: Hub, serve: Serve) -> None:
    storage.download(serve("sdxl"), ignore)
    hub.requests.clear()
    storage.download(serve("ssd"), ignore)
    assert [path for path in hub.downloaded() if path.endswith(".safetensors")] == [UNET]


def test_relatives_do_not_share_damage(hub: Hub, serve: Serve) -> None:
    spec, file = serve("sd"), "vae/diffusion_pytorch_model.fp16.safetensors"
    folder = storage.download(spec, ignore)
    other = storage.download(serve("bk"), ignore)
    (folder / file).resolve().write_bytes(b"damaged")
    caches.discard(folder / file)
    hub.requests.clear()
    assert (storage.download(spec, ignore) / file).read_bytes() == hub.repos[spec.repo].files[file].source.read_bytes()
    assert set(hub.downloaded()) == {file}
    assert storage.download(serve("bk"), ignore) == other
    assert (other / file).read_bytes() == (folder / file).read_bytes()


def test_a_relatives_file_that_has_vanished_is_fetched(cache: Path, serve: Serve) -> None:
    spec = serve("ssd")
    etag = client.listing(spec.source, lambda new: None).files[UNET].etag
    vanished = caches.blob(SPECS["sdxl"].repo, etag)
    vanished.parent.mkdir(parents=True)
    vanished.symlink_to(cache / "nowhere")
    assert caches.twin(etag, 1) is None
    storage.download(spec, ignore)
    assert storage.on_disk(spec)


def test_default_files_where_there_is_no_variant(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    spec = serve("decidiffusion").model_copy(update={"variant": "fp16"})
    with caplog.at_level("INFO"):
        folder = storage.download(spec, ignore)
    assert (folder / "flexible_unet" / "diffusion_pytorch_model.safetensors").is_file()
    assert "flexible_unet/ has no fp16 files; taking its default ones" in caplog.text


def test_progress_in_bytes(serve: Serve) -> None:
    events: list[Downloading | Loading] = []
    folder = storage.download(serve("bk"), events.append)
    told = [event for event in events if isinstance(event, Downloading)]
    size = bytes_below(folder)
    assert [(it.done_bytes, it.total_bytes) for it in told[:2]] == [(0, 0), (0, size)]  # the first: before the listing
    assert (told[-1].done_bytes, told[-1].total_bytes) == (size, size)
    assert [it.done_bytes for it in told] == sorted(it.done_bytes for it in told)


def test_progress_is_told_a_few_times_a_second(hub: Hub, serve: Serve) -> None:
    hub.faults.append(Fault(path=f"*/{UNET}", bytes_per_second=200_000))
    events: list[Downloading | Loading] = []
    spec, started = serve("bk"), time.monotonic()
    storage.download(spec, events.append)
    seconds = time.monotonic() - started
    assert 4 < len(events) <= 4 + seconds / storage.REPORT_SECONDS  # 4: before the listing, after it, index, end


def test_a_cut_connection_is_resumed(hub: Hub, serve: Serve) -> None:
    hub.faults.append(Fault(path=f"*/{UNET}", method="GET", cut_after=10_000, times=2))
    spec = serve("sd")
    folder = storage.download(spec, ignore)
    source = hub.repos[spec.repo].files[UNET].source
    assert (folder / UNET).read_bytes() == source.read_bytes()
    ranges = [request.range for request in hub.requests if request.file == UNET]
    assert ranges == [None, "bytes=10000-", "bytes=20000-"]


def test_a_hub_that_knows_no_ranges(hub: Hub, serve: Serve) -> None:
    """It sends the whole file again; what came before is skipped."""
    spec = serve("sd")
    stop_after(hub, spec, 20_000)
    hub.faults.append(Fault(path=f"*/{UNET}", whole=True))
    folder = storage.download(spec, ignore)
    file = hub.repos[spec.repo].files[UNET]
    assert hub.downloaded()[UNET] > file.size
    assert (folder / UNET).read_bytes() == file.source.read_bytes()


def test_no_connection(hub: Hub, serve: Serve) -> None:
    hub.faults.append(Fault(path=f"*/{UNET}", method="GET", cut_after=0))
    spec = serve("sd")
    with pytest.raises(ModelUnavailable, match=r"connection to http.* failed .*is kept: check the network"):
        storage.download(spec, ignore)
    hub.faults.clear()
    storage.download(spec, ignore)
    assert storage.on_disk(spec)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a stall is noticed soon."""
    monkeypatch.setattr(client, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(client, "LISTING_SECONDS", (0.2, 0.2, 0.2))
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    monkeypatch.setattr(client, "ATTEMPTS", 3)


@pytest.mark.usefixtures("impatient")
def test_a_connection_that_stalls_is_left_for_another(hub: Hub, serve: Serve) -> None:
    hub.faults.append(Fault(path=f"*/{UNET}", stall_after=10_000, times=2))
    hub.faults.append(Fault(path="/api/*", stall_after=0, times=2))
    spec = serve("sd")
    folder = storage.download(spec, ignore)
    assert (folder / UNET).read_bytes() == hub.repos[spec.repo].files[UNET].source.read_bytes()
    ranges = [request.range for request in hub.requests if request.file == UNET]
    assert ranges == [None, "bytes=10000-", "bytes=20000-"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("path", "attempts"), [("/api/*", 3), (f"*/{UNET}", 3)])
def test_a_hub_that_only_stalls_is_given_up(hub: Hub, serve: Serve, path: str, attempts: int) -> None:
    hub.faults.append(Fault(path=path, stall_after=0))
    with pytest.raises(ModelUnavailable, match=r"connection to http.* failed .ReadTimeout"):
        storage.download(serve("sd"), ignore)
    assert len([request for request in hub.requests if request.status == 200 and not request.sent]) == attempts


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("path", ["/api/*", f"*/{UNET}"])
def test_a_cancel_is_heard_between_two_attempts(
    hub: Hub, serve: Serve, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 100)
    monkeypatch.setattr(client, "LISTING_SECONDS", (0.2,) * 1000)
    hub.faults.append(Fault(path=path, stall_after=0))

    def report(event: Downloading | Loading) -> None:
        if any(fnmatch(request.path, path) for request in hub.requests):  # which will never be answered
            raise Cancelled

    with pytest.raises(Cancelled):
        storage.download(serve("sd"), report)
    assert len([request for request in hub.requests if fnmatch(request.path, path)]) <= 3


def stop_after(hub: Hub, spec: ModelSpec, count: int) -> None:
    """Leave the download of the U-Net after about `count` bytes of it."""
    hub.faults.append(Fault(path=f"*/{UNET}", method="GET", bytes_per_second=100_000))

    def report(event: Downloading | Loading) -> None:
        if sum(request.sent for request in hub.requests if request.file == UNET) >= count:
            raise Cancelled

    with pytest.raises(Cancelled):
        storage.download(spec, report)
    hub.faults.clear()


def test_a_download_that_was_left_goes_on_where_it_was(hub: Hub, serve: Serve) -> None:
    spec = serve("sd")
    stop_after(hub, spec, 20_000)
    size = hub.repos[spec.repo].files[UNET].size
    assert sum(request.sent for request in hub.requests if request.file == UNET) < size / 2
    assert not storage.on_disk(spec)
    hub.requests.clear()
    events: list[Downloading | Loading] = []
    folder = storage.download(spec, events.append)
    assert isinstance(events[1], Downloading)
    assert events[1].done_bytes > 20_000
    assert set(hub.downloaded()) == {UNET}
    assert 0 < hub.downloaded()[UNET] < size
    assert (folder / UNET).read_bytes() == hub.repos[spec.repo].files[UNET].source.read_bytes()


@pytest.mark.parametrize("fault", [Fault(corrupt=True), Fault(truncate_to=20_000)], ids=["corrupt", "truncated"])
def test_damaged_on_the_way(hub: Hub, serve: Serve, fault: Fault) -> None:
    fault.path = f"*/{UNET}"
    hub.faults.append(fault)
    spec = serve("sd")
    with pytest.raises(ModelUnavailable, match=r"arrived damaged, with .* bytes.* and was thrown away. Try again"):
        storage.download(spec, ignore)
    hub.faults.clear()
    folder = storage.download(spec, ignore)
    assert (folder / UNET).read_bytes() == hub.repos[spec.repo].files[UNET].source.read_bytes()


def test_unknown_repo(cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"there is no segmind/SSD-1B on http.*or it is private. Correct `repo`"):
        storage.download(SPECS["ssd"], ignore)


def test_unknown_revision(serve: Serve) -> None:
    spec = serve("ssd").model_copy(update={"revision": "f" * 40})
    with pytest.raises(ModelUnavailable, match=r"has no revision f+. Copy a commit hash from .*/commits/main"):
        storage.download(spec, ignore)


@pytest.mark.parametrize(
    ("token", "advice"),
    [(None, "then set HF_TOKEN to a token of that account, and restart"), ("hf_other", "with the account of your")],
)
def test_gated(
    hub: Hub, cache: Path, checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch, token: str | None, advice: str
) -> None:
    spec = SPECS["sd"]
    hub.add(spec.repo, checkpoints["sd"], commit=spec.revision, gated_for="hf_accepted")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ModelUnavailable, match=f"gated. Accept its licence at {hub.url}/{spec.repo} {advice}"):
        storage.download(spec, ignore)
    monkeypatch.setenv("HF_TOKEN", "hf_accepted")
    storage.download(spec, ignore)
    assert storage.on_disk(spec)


@pytest.mark.parametrize("path", ["/api/*", "*.safetensors"])
def test_rate_limit(hub: Hub, serve: Serve, path: str) -> None:
    hub.faults.append(Fault(path=path, status=429, retry_after=17))
    with pytest.raises(ModelUnavailable, match=r"limits how often it may be asked. Try again in 17 seconds. Set HF_TO"):
        storage.download(serve("sd"), ignore)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (500, None, "answered with status 500. What came so far is kept; try again later"),
        (404, "EntryNotFound", "no longer has a file that it lists"),
        (403, None, "refuses access to .* .status 403.. Set HF_TOKEN to a valid token"),
    ],
)
def test_refused_file(hub: Hub, serve: Serve, status: int, code: str | None, said: str) -> None:
    hub.faults.append(Fault(path=f"*/{UNET}", status=status, error_code=code))
    with pytest.raises(ModelUnavailable, match=said):
        storage.download(serve("sd"), ignore)


def test_offline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = serve("sd")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailable, match=r"not .all. on this disk, and HF_HUB_OFFLINE forbids .*Unset"):
        storage.download(spec, ignore)


def test_no_room_on_the_disk(serve: Serve, cache: Path, monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setattr(caches, "free_bytes", lambda _: 100_000)
    with pytest.raises(ModelUnavailable, match=r"needs .* kB more on the disk of .*cache, where 100 kB are free"):
        storage.download(serve("sd"), ignore)
    assert not hub.downloaded()
    assert caches.free_bytes(cache / "not" / "there") == 100_000


def test_free_bytes_of_a_folder_to_come(tmp_path: Path) -> None:
    assert caches.free_bytes(tmp_path / "not" / "there") == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full, the disk that is always full")
def test_disk_full_on_the_way(hub: Hub, serve: Serve, cache: Path) -> None:
    spec = serve("sd")
    partial = caches.partial(spec.repo, client.listing(spec.source, lambda new: None).files[UNET].etag)
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")
    with pytest.raises(ModelUnavailable, match=r"the disk is full, with .* to come. Free some space in .* or set HF_H"):
        storage.download(spec, ignore)


def test_cache_that_may_not_be_written_to(serve: Serve, cache: Path) -> None:
    spec = serve("sd")
    cache.write_text("a file where a folder should be")
    with pytest.raises(ModelUnavailable, match=r"cannot be written to .*cache .*Set HF_HOME to a folder"):
        storage.download(spec, ignore)


def test_something_else_answers(hub: Hub, serve: Serve) -> None:
    hub.faults.append(Fault(path="/api/*", status=200))
    with pytest.raises(ModelUnavailable, match=r"what http.* lists for .* is not what a hub lists. Check HF_ENDPOINT"):
        storage.download(serve("sd"), ignore)


def test_listing_that_would_leave_the_cache(hub: Hub, serve: Serve) -> None:
    spec = serve("sd")
    repo = hub.repos[spec.repo]
    files = {**repo.files, UNET: replace(repo.files[UNET], sha256="../../../elsewhere")}
    hub.repos[spec.repo] = replace(repo, files=files)
    with pytest.raises(ModelUnavailable, match=r"is not what a hub lists. Check HF_ENDPOINT"):
        storage.download(spec, ignore)


def test_unpinned_revision(hub: Hub, serve: Serve) -> None:
    spec = serve("sd").model_copy(update={"revision": TO_BE_PINNED})
    folder = storage.download(spec, ignore)
    assert folder.name == SPECS["sd"].revision
    hub.requests.clear()
    assert storage.download(spec, ignore) == folder
    assert not hub.requests


def test_the_environment_is_respected(hub: Hub, checkpoints: Checkpoints, tmp_path: Path) -> None:
    """HF_ENDPOINT, HF_HOME and HF_TOKEN, which the client reads when it is imported."""
    spec = SPECS["sd"]
    hub.add(spec.repo, checkpoints["sd"], commit=spec.revision, gated_for="hf_accepted")
    code = (
        "import pathlib, sys, config; from models import storage;"
        f"specs = {{it.name: it for it in config.load(pathlib.Path({str(published.CONFIG)!r})).models}};"
        f"print(storage.download(specs[{spec.name!r}], lambda event: None));"
        "print({'torch', 'diffusers', 'transformers'} & set(sys.modules))"
    )
    environment = hub.environment(tmp_path / "home") | {"HF_TOKEN": "hf_accepted"}
    root = published.CONFIG.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    folder, heavy = done.stdout.splitlines()
    assert Path(folder).is_relative_to(tmp_path / "home")
    assert heavy == "set()"
