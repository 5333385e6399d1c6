"""README and Makefile say what is so."""

import re
import subprocess
from pathlib import Path

import pytest

from config import load
from models.amounts import bytes_text
from models.spec import ModelSpec
from terminal.models import count_text

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = load(ROOT / "config.yaml")


def row(spec: ModelSpec) -> str:
    download = bytes_text(spec.download_bytes) if spec.download_bytes else "ships along"
    guidance = "none" if spec.guidance_scale is None else f"{spec.guidance_scale.default:g}"
    guidance += ", distilled" if spec.guidance == "distilled" else ""
    size = f"{spec.size.width}x{spec.size.height}"
    cells = (count_text(spec.parameters), download, size, str(spec.steps.default), guidance, spec.licence.name)
    return f"| `{spec.name}` | {' | '.join(cells)} |"


def test_the_table_of_models_is_that_of_the_configuration() -> None:
    table = README.split("## Models\n\n")[1].split("\n\n")[0].splitlines()[2:]
    assert table == [row(spec) for spec in CONFIG.models]


def test_the_map_names_what_is_there_and_all_of_it() -> None:
    block = README.split("## How it is built\n\n")[1].split("\n\n")[0]
    named = {line.split()[0].rstrip("/") for line in block.splitlines()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    code = {path.split("/")[0] for path in tracked.splitlines() if path.endswith((".py", ".css", "config.yaml"))}
    assert named == code


def test_pictures_and_links_into_the_repository_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target


@pytest.mark.parametrize("name", ["setup", "run", "test", "check", "bench", "fix"])
def test_make_knows_its_targets(name: str) -> None:
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
