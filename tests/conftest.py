"""Fixtures: tiny checkpoints and a local hub. Sets the environment before any library reads it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

_HOME = tempfile.mkdtemp(prefix="darkroom-tests-")
os.environ.update(
    {
        "HF_HOME": _HOME,  # nobody's own downloads, and none left behind
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # the local hub speaks plain HTTP
        "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
)
for _own in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
    os.environ.pop(_own, None)  # whoever runs the tests may have set them

import pytest  # noqa: E402
import torch  # noqa: E402
from huggingface_hub import close_session  # noqa: E402

from gallery.gallery import Gallery  # noqa: E402
from models.device import Device  # noqa: E402
from models.loading import Loaded  # noqa: E402
from models.registry import registry  # noqa: E402
from models.residency import Residency  # noqa: E402
from tests.hub import Hub  # noqa: E402
from tests.published import from_folder  # noqa: E402
from tests.tiny import Checkpoints  # noqa: E402

torch.set_num_threads(1)  # several times faster than many on shared cores, for nets this small


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """`checkpoints["sdxl"]` is the folder of that tiny checkpoint, built on first use. Read-only: copy to change."""
    return Checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with nothing on it: `hub.add(repo, folder)`, then let the client download from `hub.url`."""
    server = Hub()
    yield server
    server.close()
    close_session()  # the client keeps connections open, to a port that is gone now


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """An empty one."""
    one = Gallery(tmp_path / "gallery")
    yield one
    one.close()


@pytest.fixture(scope="session")
def tiny(checkpoints: Checkpoints) -> Callable[[str], Loaded]:
    """`tiny("sdxl")` is that checkpoint loaded on the CPU in float32."""
    device = Device("cpu", "CPU", "float32", "a test", 1 << 40)

    @cache
    def load(name: str) -> Loaded:
        spec = from_folder(name, checkpoints[name])
        return Residency(registry([spec]), device).acquire(spec, lambda event: None)

    return load


# Files that take longest go first, so that no core is left with one of them when the others are done.
_LONGEST = (
    "test_browser_compare.py",
    "test_fuzz.py",
    "test_compare_command.py",
    "test_stress.py",
    "test_benchmark_command.py",
    "test_browser_gallery_guarded.py",
    "test_zerogpu.py",
    "test_serving.py",
    "test_stopping.py",
    "test_browser_visitors.py",
    "test_browser_benchmark.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
