"""README, container and Space say what is so."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

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


def test_the_front_matter_makes_a_gradio_space() -> None:
    _, matter, text = README.split("---\n", 2)
    space = yaml.safe_load(matter)
    assert {"title", "emoji", "colorFrom", "colorTo"} <= set(space)
    assert (space["sdk"], space["app_file"], space["license"]) == ("gradio", "app.py", "apache-2.0")
    assert len(space["short_description"]) <= 60
    wanted = {Requirement(line.partition("#")[0]).name: line for line in _requirements()}
    assert Requirement(wanted["gradio"].partition("#")[0]).specifier.contains(space["sdk_version"])
    assert text.lstrip().startswith("# Darkroom")


def test_the_container_is_small_and_nobodys_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert any(re.fullmatch(r"FROM python:3\.\d+-slim", line) for line in lines)
    assert lines.index("USER darkroom") < lines.index('ENTRYPOINT ["python", "app.py"]')
    assert {"VOLUME /models", "VOLUME /app/outputs", "EXPOSE 7860"} <= set(lines)
    assert {part.folder for part in (CONFIG.gallery, CONFIG.comparison, CONFIG.measurement)} == {
        str(ROOT / "outputs" / name) for name in ("gallery", "comparisons", "benchmarks")
    }
    assert any("HF_HOME=/models" in line for line in lines)
    assert any("GRADIO_SERVER_NAME=0.0.0.0" in line for line in lines)
    assert any("--uid 1000" in line for line in lines)
    ignored = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    assert {".git", ".venv", "outputs", "tests"} <= ignored


@pytest.mark.parametrize("name", ["setup", "run", "test", "check", "bench", "fix"])
def test_make_knows_its_targets(name: str) -> None:
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def _requirements() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("#")[0].strip()]
