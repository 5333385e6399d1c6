"""The local hub convinces the real client: downloads, resumes, refusals, and damage the client does not notice."""

import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import Fault, Hub, Repo
from tests.tiny import REPOS, Checkpoints

NAME = "owner/small"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
Download = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository of two files: weights of 40,000 bytes and a config."""
    root = tmp_path / "repo"
    (root / "unet").mkdir(parents=True)
    (root / WEIGHTS).write_bytes(bytes(i % 251 for i in range(40_000)))
    (root / "unet" / "config.json").write_text("{}")
    return root


@pytest.fixture
def repo(hub: Hub, folder: Path) -> Repo:
    return hub.add(NAME, folder)


@pytest.fixture
def download(hub: Hub, tmp_path: Path) -> Download:
    """Download one file (the weights) from the hub with the real client, and return where it lies."""

    def call(name: str = NAME, file: str = WEIGHTS, token: str | bool = False, revision: str = "main") -> Path:
        cache = tmp_path / "cache"
        options = {"cache_dir": cache, "endpoint": hub.url, "token": token, "revision": revision}
        return Path(hf_hub_download(name, file, **options))  # type: ignore[call-overload]

    return call


@pytest.mark.usefixtures("repo")
def test_downloads_a_file(download: Download, folder: Path) -> None:
    assert download().read_bytes() == (folder / WEIGHTS).read_bytes()


def test_pinned_revision_needs_the_network_once(hub: Hub, download: Download, folder: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    hub.add(NAME, folder, commit=commit)
    first = download(revision=commit)
    asked = len(hub.requests)
    assert download(revision=commit) == first
    assert len(hub.requests) == asked
    assert commit in first.parts


def test_snapshot_takes_only_what_is_asked_for(hub: Hub, checkpoints: Checkpoints, tmp_path: Path) -> None:
    hub.add(REPOS["decidiffusion"], checkpoints["decidiffusion"])
    local = snapshot_download(
        REPOS["decidiffusion"], cache_dir=tmp_path, endpoint=hub.url, allow_patterns=["flexible_unet/*"]
    )
    files = {path.name for path in Path(local).rglob("*") if path.is_file()}
    assert files == {"config.json", "diffusion_pytorch_model.safetensors"}
    assert set(hub.downloaded()) == {f"flexible_unet/{name}" for name in files}


def test_lists_sizes_and_hashes(hub: Hub, repo: Repo, folder: Path) -> None:
    info = HfApi(endpoint=hub.url).model_info(NAME, files_metadata=True)
    assert info.sha == repo.commit
    by_name = {file.rfilename: file for file in info.siblings or []}
    weights, config = by_name[WEIGHTS], by_name["unet/config.json"]
    assert weights.lfs is not None
    assert weights.lfs.sha256 == sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    assert (weights.size, config.size, config.lfs) == (40_000, 2, None)
    tree = HfApi(endpoint=hub.url).list_repo_tree(NAME, recursive=True)
    assert [entry.path for entry in tree] == ["unet", "unet/config.json", WEIGHTS]
    assert [entry.path for entry in HfApi(endpoint=hub.url).list_repo_tree(NAME)] == ["unet"]


@pytest.mark.usefixtures("repo")
def test_client_resumes_after_a_cut(
    hub: Hub, download: Download, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)  # it keeps whole chunks only, of 10 MiB
    hub.faults.append(Fault(path="*.safetensors", method="GET", cut_after=10_000, times=1))
    assert download().read_bytes() == (folder / WEIGHTS).read_bytes()
    cut, resumed = (request for request in hub.requests if request.method == "GET")
    assert (cut.status, cut.sent, cut.range) == (200, 10_000, None)
    assert (resumed.status, resumed.sent, resumed.range) == (206, 40_000 - 8192, "bytes=8192-")


@pytest.mark.usefixtures("repo")
def test_serves_ranges(hub: Hub) -> None:
    url = f"{hub.url}/{NAME}/resolve/main/{WEIGHTS}"
    part = httpx2.get(url, headers={"Range": "bytes=250-252"})
    assert (part.status_code, part.content) == (206, bytes([250, 0, 1]))
    assert part.headers["Content-Range"] == "bytes 250-252/40000"
    assert httpx2.get(url, headers={"Range": "bytes=40000-"}).status_code == 416


@pytest.mark.parametrize("token", [False, "hf_any"])
def test_unknown_repo(download: Download, token: str | bool) -> None:
    with pytest.raises(RepositoryNotFoundError):
        download("owner/none", token=token)


@pytest.mark.usefixtures("repo")
def test_unknown_revision_and_file(download: Download) -> None:
    with pytest.raises(RevisionNotFoundError):
        download(revision="f" * 40)
    with pytest.raises(EntryNotFoundError):
        download(file="none.json")


@pytest.mark.parametrize(("token", "status"), [(False, 401), ("hf_other", 403)])
def test_gated(hub: Hub, download: Download, folder: Path, token: str | bool, status: int) -> None:
    hub.add(NAME, folder, gated_for="hf_accepted")
    with pytest.raises(GatedRepoError) as refused:
        download(token=token)
    assert refused.value.response.status_code == status
    assert download(token="hf_accepted").stat().st_size == 40_000


@pytest.mark.usefixtures("repo")
def test_rate_limit(hub: Hub, download: Download) -> None:
    hub.faults.append(Fault(status=429, retry_after=0, times=2))
    with pytest.raises(HfHubHTTPError) as refused:
        HfApi(endpoint=hub.url).model_info(NAME)
    assert refused.value.response.headers["Retry-After"] == "0"
    assert download().stat().st_size == 40_000  # for a file, the client asks again


@pytest.mark.usefixtures("repo")
def test_client_refuses_a_truncated_file(hub: Hub, download: Download) -> None:
    hub.faults.append(Fault(path="*.safetensors", truncate_to=100))
    with pytest.raises(OSError, match="should be of size 40000 but has size 100"):
        download()


@pytest.mark.usefixtures("repo")
def test_client_does_not_notice_corrupt_bytes(hub: Hub, download: Download, folder: Path) -> None:
    hub.faults.append(Fault(path="*.safetensors", corrupt=True))
    file = download()
    assert file.stat().st_size == 40_000
    assert file.read_bytes() != (folder / WEIGHTS).read_bytes()
    assert file.resolve().name == sha256((folder / WEIGHTS).read_bytes()).hexdigest()  # what it should be


@pytest.mark.usefixtures("repo")
def test_slow_transfer_can_be_left(hub: Hub) -> None:
    hub.faults.append(Fault(bytes_per_second=10_000))
    with httpx2.stream("GET", f"{hub.url}/{NAME}/resolve/main/{WEIGHTS}") as response:
        next(response.iter_raw())
        assert 0 < hub.requests[-1].sent < 40_000
    assert not any(request.sent == 40_000 for request in hub.requests)


def test_token(hub: Hub) -> None:
    assert HfApi(endpoint=hub.url, token=hub.token).whoami()["name"] == "reader"
    with pytest.raises(HfHubHTTPError):
        HfApi(endpoint=hub.url, token="hf_wrong").whoami()


@pytest.mark.usefixtures("repo")
def test_no_hub_at_all(hub: Hub) -> None:
    hub.close()
    with pytest.raises(httpx2.ConnectError):  # hf_hub_download would try for 23 s before it says so
        HfApi(endpoint=hub.url).model_info(NAME)


@pytest.mark.usefixtures("repo")
def test_another_process_finds_it(hub: Hub, tmp_path: Path) -> None:
    code = f"from huggingface_hub import hf_hub_download as d; print(d('{NAME}', '{WEIGHTS}'))"
    environment = hub.environment(tmp_path / "home")
    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert Path(printed.stdout.strip()).is_relative_to(tmp_path / "home")
