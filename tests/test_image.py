"""The container's image, as far as it can be seen without building it: `python -m tests.image` does that."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from gradio_client import Client
from PIL import Image

from config import load
from tests.dockerfile import ROOT, command, context, said, variables
from tests.elsewhere import copied, free_port, locked, running

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
VOLUMES = set(said("VOLUME"))


def test_the_image_is_small_and_nobodys_root() -> None:
    (base,) = said("FROM")
    assert re.fullmatch(r"python:3\.\d+-slim", base)
    assert said("USER") == ["darkroom"]
    assert any("useradd" in line and "--uid 1000" in line for line in said("RUN"))
    assert not any("secret" in line.lower() or "token" in line.lower() for line in said("ARG") + said("ENV"))


def test_what_is_written_goes_to_a_volume() -> None:
    deployment = load(ROOT / "config.yaml")
    folders = {Path(part.folder or "") for part in (deployment.gallery, deployment.comparison, deployment.measurement)}
    assert {folder.parent for folder in folders} == {ROOT / "outputs"}
    assert variables({})["HF_HOME"] in VOLUMES
    assert f"{said('WORKDIR')[0]}/outputs" in VOLUMES


def test_the_image_takes_what_runs_and_nothing_else() -> None:
    names = set(context())
    assert {"app.py", "config.yaml", "requirements.txt", "LICENSE"} <= names
    assert any(name.startswith("models/weights/") for name in names)
    assert not {name.split("/")[0] for name in names} & {".git", ".ci", "tests", "docs", "training", "benchmarks"}


@pytest.mark.parametrize("name", ["darkroom", "darkroom-gpu"])
def test_compose_keeps_volumes_and_gives_no_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    mounted = dict(volume.split(":", 1) for volume in service["volumes"])
    assert set(mounted.values()) == VOLUMES
    assert set(mounted) == set(COMPOSE["volumes"])
    assert (service["read_only"], service["user"], service["cap_drop"]) == (True, "1000:1000", ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert service["healthcheck"]["test"] == ["CMD", *command("HEALTHCHECK")]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    inside = variables({})["GRADIO_SERVER_PORT"]
    assert all(port.endswith(f":{inside}") for port in service["ports"])
    assert said("EXPOSE") == [inside]


def test_compose_asks_for_a_gpu_where_one_is_wanted() -> None:
    (device,) = COMPOSE["services"]["darkroom-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert "deploy" not in COMPOSE["services"]["darkroom"]


@pytest.mark.skipif(sys.platform != "linux", reason="the image is of Linux")
def test_what_the_image_holds_makes_pictures_on_a_root_that_is_read_only(tmp_path: Path) -> None:
    """Its own entry point, environment and healthcheck; the volumes and /tmp are all that can be written."""
    folder = copied(context(), tmp_path / "app")
    volumes = {name: tmp_path / name.strip("/").replace("/", "-") for name in VOLUMES}
    for path in volumes.values():
        path.mkdir()
    (folder / "outputs").symlink_to(volumes["/app/outputs"])
    locked(folder)
    (tmp_path / "tmp").mkdir()
    port = free_port()
    own = variables({"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(tmp_path / "tmp")})
    environ = own | {"HF_HOME": str(volumes["/models"]), "GRADIO_SERVER_PORT": str(port)}
    with running(folder, [*command("ENTRYPOINT"), *command("CMD")], environ, tmp_path / "log") as url:
        client = Client(url, verbose=False, download_files=str(tmp_path / "got"))
        files, details = client.predict("a red circle", steps=2, seed=7, api_name="/generate")
        with Image.open(files[0]) as picture:
            assert picture.size == (128, 128)
        assert not any("gallery" in note for note in details["notes"])
        health = [sys.executable if word == "python" else word for word in command("HEALTHCHECK")]
        health = [word.replace(own["GRADIO_SERVER_PORT"], str(port)) for word in health]
        assert subprocess.run(health, check=False).returncode == 0
    assert subprocess.run(health, check=False, stderr=subprocess.DEVNULL).returncode == 1
    assert list(volumes["/app/outputs"].rglob("*.png"))
