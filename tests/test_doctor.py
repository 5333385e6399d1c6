"""What the doctor says of this machine, and how it says what is missing."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import app
from access.accounts import password_hash
from access.keys import new_key
from access.listing import put
from config import Server, load
from models.registry import registry
from models.spec import TO_BE_PINNED
from terminal import doctor, machine
from terminal import hub as report
from terminal.finding import Finding, Level
from terminal.safety import policy
from tests.deployments import OURS, entry, written
from tests.hub import Fault, Hub
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
SUBJECTS = (
    "python",
    "packages",
    "torch",
    "config",
    "device",
    "models",
    "disk",
    "hub",
    "token",
    "revisions",
    "safety",
    "port",
    "public",
)


def examined(config: Path, environment: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """The exit code, and each line of the report by its subject."""
    command = [sys.executable, str(ROOT / "app.py"), "doctor", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environment), check=False, timeout=PATIENCE)
    assert done.stderr == ""
    lines: dict[str, str] = {}
    for line in done.stdout.splitlines():
        if line.startswith(" "):
            lines[list(lines)[-1]] += f" {line.strip()}"
        else:
            lines[line.split()[1]] = line
    return done.returncode, lines


def test_all_is_well(tmp_path: Path, checkpoints: Checkpoints, hub: Hub) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), server={"port": 0})
    code, lines = examined(config, hub.environment(tmp_path / "home"))
    assert code == 0, lines
    assert tuple(lines) == SUBJECTS
    assert lines["python"].startswith("ok ")
    assert "torch" in lines["packages"]
    assert "CPU" in lines["device"]
    assert "on disk: tiny" in lines["models"]
    assert lines["hub"] == f"ok   hub       {hub.url} answers"
    assert "none; only gated models need one" in lines["token"]
    assert lines["revisions"].startswith("warn") == (TO_BE_PINNED in (ROOT / "config.yaml").read_text())


def test_what_is_missing_comes_with_what_to_do(tmp_path: Path) -> None:
    gone = entry("gone", tmp_path / "nowhere")
    remote = entry("remote", tmp_path, repo="nobody/nothing", revision=TO_BE_PINNED, download_bytes=10**18)
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "home")}
    clip = {"repo": "nobody/clip", "revision": TO_BE_PINNED}
    code, lines = examined(written(tmp_path, gone, remote, comparison={"clip": clip}), environment)
    assert code == 1
    assert lines["models"].startswith(
        "fail models    on disk: none; downloaded when first asked for: remote 1000000.0 TB"
    )
    assert f"incomplete: gone in {tmp_path / 'nowhere'} Restore the folder" in lines["models"]
    assert lines["disk"].startswith("warn")
    assert "HF_HOME" in lines["disk"]
    assert lines["hub"].startswith("warn hub       http://127.0.0.1:9 does not answer")
    assert "HF_ENDPOINT" in lines["hub"]
    assert "to be pinned: remote," in lines["revisions"]
    assert "nobody/clip" in lines["revisions"]
    assert not (tmp_path / "home").exists()


def test_small_decoders_of_ours_that_are_not_pinned_are_named(tmp_path: Path, hub: Hub) -> None:
    spaces = load(OURS).latent_spaces.values()
    unpinned = {str(space.taesd) for space in spaces if space.taesd_revision == TO_BE_PINNED}
    _, lines = examined(OURS, hub.environment(tmp_path / "home"))
    assert lines["revisions"].startswith("warn" if unpinned else "ok")
    assert set(re.findall(r"madebyollin/\w+", lines["revisions"])) == unpinned


@pytest.mark.parametrize(
    ("safety", "level", "said"),
    [
        ({}, Level.WARN, "policy off here, block where others can come; there is no safety.checker for tiny"),
        ({"policy": "off"}, Level.OK, "policy off; nothing is examined"),
        ({"policy": "block", "checker": {"repo": "HERE", "variant": "fp16"}}, Level.OK, "the checker is on the disk"),
        ({"policy": "blur", "checker": {"repo": "HERE"}}, Level.OK, "the checker is on the disk"),
        ({"policy": "blur", "checker": {"repo": "./gone"}}, Level.WARN, "gone is not there"),
        (
            {"checker": {"repo": "someone/sd", "revision": "1" * 40, "download_bytes": 608_023_338}},
            Level.OK,
            "the checker is downloaded when first needed: 608 MB",
        ),
    ],
)
def test_the_policy_is_told_and_whether_it_can_be_kept(
    tmp_path: Path, checkpoints: Checkpoints, safety: dict[str, Any], level: Level, said: str
) -> None:
    here = str(checkpoints["sd"])
    if "checker" in safety and safety["checker"]["repo"] == "HERE":
        safety = {**safety, "checker": {**safety["checker"], "repo": here}}
    config = load(written(tmp_path, entry("tiny", checkpoints["sd"]), safety=safety))
    found = policy(config.safety, registry(config.models))
    assert (found.level, said in found.text) == (level, True), found
    assert bool(found.remedy) == (level is not Level.OK)


def test_a_configuration_that_is_refused_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("devcie: cpu\n")
    assert app.main(["doctor", "--config", str(tmp_path / "config.yaml")]) == 1
    assert "fail config    " in (out := capsys.readouterr().out)
    assert "line 1: devcie: unknown key." in out


def test_a_device_that_is_not_there_fails() -> None:
    finding = machine.device("abacus")
    assert finding.level is Level.FAIL
    assert "abacus" in finding.text
    assert "--device" in finding.remedy


def test_a_package_that_does_not_fit_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=99  # not yet\nno-such-package\npillow\n")
    monkeypatch.setattr(machine, "REQUIREMENTS", tmp_path / "requirements.txt")
    finding = machine.packages()
    assert finding.level is Level.FAIL
    assert ", but >=99 is needed; no-such-package is missing" in finding.text
    assert "make setup" in finding.remedy


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finding = machine.port(Server(port=port))
    assert finding.level is Level.WARN
    assert f"127.0.0.1:{port} cannot be opened" in finding.text
    assert "--port" in finding.remedy


def test_whom_it_is_open_to_is_told(tmp_path: Path) -> None:
    def told(host: str, environ: Mapping[str, str] = {}, **access: str) -> Finding:
        path = written(tmp_path, entry("tiny", tmp_path), server={"host": host}, access=access)
        return doctor.public(load(path), environ)

    assert told("127.0.0.1").text.startswith("no: none but this machine's user")
    unguarded = told("0.0.0.0")
    assert unguarded.level is Level.WARN
    assert "because it listens at 0.0.0.0. page: whoever reaches it; nobody has to log in;" in unguarded.text
    assert "python app.py passwd" in unguarded.remedy
    put(tmp_path / "users.txt", "ada", password_hash("love and lace"))
    guarded = told("0.0.0.0", {"DARKROOM_API_KEYS": f"laptop:{new_key()}"}, users="users.txt")
    assert guarded.level is Level.OK
    assert "page: whoever logs in: 1 account, API keys (laptop);" in guarded.text
    assert told("127.0.0.1", {"SPACE_ID": "me/darkroom"}).level is Level.OK
    (tmp_path / "users.txt").write_text("ada:secret\n")
    refused = told("127.0.0.1", users="users.txt")
    assert refused.level is Level.FAIL
    assert "in plain text" in refused.text


def test_a_model_too_large_for_the_device_is_told(tmp_path: Path) -> None:
    config = written(tmp_path, entry("small", tmp_path), entry("huge", tmp_path, parameters=10**14))
    (finding,) = machine.room(registry(load(config).models), "cpu")
    assert "huge needs about " in finding.text
    assert finding.remedy == "These fit: small."


def test_a_token_that_the_hub_refuses_is_told(tmp_path: Path, hub: Hub) -> None:
    code = "import logging; from terminal import hub; print(hub.token())"
    environment = {**hub.environment(tmp_path), "HF_TOKEN": "hf_not_a_token"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "Level.WARN" in done.stdout, done.stderr
    assert "hf_not_a_token" not in done.stdout + done.stderr


@pytest.mark.parametrize(("status", "level"), [(404, Level.OK), (503, Level.WARN)])
def test_a_hub_in_trouble_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch, status: int, level: Level) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    hub.faults.append(Fault(status=status))
    finding = report.connection()
    assert finding.level is level
    assert ("answers with status 503" in finding.text) is (status == 503)


def test_offline_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert report.connection().remedy == "Unset it to download models."
