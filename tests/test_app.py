"""The command line: exit codes, one clear line for what is refused, files that are whole or not there."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

import app
from gallery.gallery import Gallery
from tests.deployments import entry, written
from tests.interrupting import interrupted
from tests.picture_files import A1111, png
from tests.pictures import saved
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def tiny(tmp_path: Path, checkpoints: Checkpoints) -> Path:
    """The config.yaml of a deployment with one tiny model."""
    return written(tmp_path, entry("tiny", checkpoints["sd"]))


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command does in a process of its own."""
    command = [sys.executable, str(ROOT / "app.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def made(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--steps", "0"], "Steps is 0. Accepted are 1 to 100"),
        (["--steps", "-1"], "Steps is -1."),
        (["--steps", "1000000000"], "Steps is 1000000000."),
        (["--steps", "4.5"], "Invalid value for '--steps'"),
        (["--steps", "true"], "Invalid value for '--steps'"),
        (["--guidance", "nan"], "Guidance scale is nan. Accepted are"),
        (["--guidance", "inf"], "Guidance scale is inf."),
        (["--size", "256"], "--size is '256'. Give WIDTHxHEIGHT"),
        (["--size", "256x-256"], "--size is '256x-256'."),
        (["--size", "130x128"], "Width is 130. mini-sd needs a multiple of "),
        (["--size", "4096x4096"], "mini-sd takes at most"),
        (["--seed", "4294967296"], "Seed is 4294967296."),
        (["--count", "9"], "Count is 9."),
        (["--model", "sdxl"], "Model is 'sdxl', which is not on offer. Choose one of: mini-sd, "),
        (["--sampler", "Eulr"], "Sampler is 'Eulr'."),
        (["--negative", "a\x00b"], "U+0000"),
        (["--out", "picture.jpg"], "pictures are PNG files"),
        (["--out", "app.py/x.png"], "app.py is not a folder"),
        (["--out", "\x1b[31m"], "--out is '\\x1b[31m'."),
        (["--device", "abacus"], "Invalid value for '--device'"),
        (["--config", "none.yaml"], "none.yaml cannot be read"),
        (["--stepps", "4"], "No such option: --stepps"),
        (["--\x1b[31m", "4"], "No such option: --\\x1b[31m"),
        (["two", "prompts"], "unexpected extra argument"),
        (["--model", "\x1b]0;title\x07"], "'\\x1b]0;title\\x07'"),
    ],
)
def test_bad_input_exits_2_with_one_line(
    arguments: Sequence[str], said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert app.main(["generate", "a red circle", *arguments]) == app.BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("darkroom: ")
    assert err.count("\n") == 1
    assert said in err
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("x" * 1_000_000, "Prompt has 1000000 characters. At most 4000"),
        ("a\udcffb", "U+DCFF"),
        ("a\x1b[31mb", "U+001B"),
    ],
)
def test_a_prompt_that_is_no_text_is_refused(prompt: str, said: str, capsys: Captured) -> None:
    assert app.main(["generate", prompt]) == app.BAD_INPUT
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("models", "unknown"), [(",", "''"), ("", "''"), ("mini-sd,sdxl", "'sdxl'")])
def test_serve_refuses_models_that_are_not_there(models: str, unknown: str, capsys: Captured) -> None:
    assert app.main(["--models", models]) == app.BAD_INPUT
    assert re.fullmatch(rf"darkroom: There is no model {unknown}\. Choose from: mini-sd, .+\n", capsys.readouterr().err)


def test_refusals_are_the_same_in_a_process_of_its_own() -> None:
    done = ran("generate", "a", "--steps", "0")
    assert (done.returncode, done.stdout) == (app.BAD_INPUT, "")
    assert done.stderr == "darkroom: Steps is 0. Accepted are 1 to 100; 20 is the default.\n"
    assert "torch" not in done.stderr


def test_help_names_every_command_and_option(capsys: Captured) -> None:
    commands = {
        "generate": "model negative steps guidance size seed sampler count out config device",
        "serve": "host port share auth-file config device models preload",
        "models": "json config",
        "read": "json config",
        "doctor": "config device",
    }
    assert app.main(["--help"]) == 0
    assert set(commands) <= set(capsys.readouterr().out.split())
    for command, options in commands.items():
        assert app.main([command, "--help"]) == 0
        assert {f"--{option}" for option in options.split()} <= set(capsys.readouterr().out.split())


def test_pictures_go_into_a_folder_and_the_same_seed_gives_the_same_bytes(
    tiny: Path, tmp_path: Path, capsys: Captured
) -> None:
    out, config = tmp_path / "new" / "pictures", ["--config", str(tiny)]
    assert app.main(["generate", "a cat", "--seed", "7", "--count", "2", "--out", str(out), *config]) == 0
    stdout, stderr = capsys.readouterr()
    assert stdout.splitlines() == [str(out / "tiny-7.png"), str(out / "tiny-8.png")]
    assert "a step" in stderr
    assert made(out) == ["tiny-7.png", "tiny-8.png"]
    with Image.open(out / "tiny-7.png") as picture:
        assert picture.size == (64, 64)
        assert "Seed: 7" in picture.info["parameters"]

    assert app.main(["generate", "a cat", "--seed", "8", "--out", str(tmp_path / "one.png"), *config]) == 0
    assert (tmp_path / "one.png").read_bytes() == (out / "tiny-8.png").read_bytes()
    assert (tmp_path / "one.png").read_bytes() != (out / "tiny-7.png").read_bytes()
    assert stat.S_IMODE((tmp_path / "one.png").stat().st_mode) & stat.S_IRUSR

    before = (out / "tiny-7.png").read_bytes()
    assert app.main(["generate", "a dog", "--seed", "7", "--out", str(out), *config]) == 0
    assert made(out) == ["tiny-7-2.png", "tiny-7.png", "tiny-8.png"]
    assert (out / "tiny-7.png").read_bytes() == before


def test_words_that_the_model_does_not_know_are_told(
    tmp_path: Path, checkpoints: Checkpoints, capsys: Captured
) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"], vocabulary=True))
    out = str(tmp_path / "cat.png")
    assert app.main(["generate", "a zebra", "--out", out, "--config", str(config)]) == 0
    assert "\nWords that this model does not know, and ignored: zebra.\n" in capsys.readouterr().err


def test_several_pictures_for_a_file_are_numbered(tiny: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "cat.png"
    assert app.main(["generate", "a cat", "--count", "2", "--out", str(out), "--config", str(tiny)]) == 0
    assert made(tmp_path) == ["cat-1.png", "cat-2.png", "config.yaml"]
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "cat-1.png"), str(tmp_path / "cat-2.png")]


def test_a_picture_that_can_not_be_written_ends_the_job(tiny: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "cat-1.png").mkdir()
    out = tmp_path / "cat.png"
    assert app.main(["generate", "a cat", "--count", "8", "--out", str(out), "--config", str(tiny)]) == 1
    assert made(tmp_path) == ["cat-1.png", "config.yaml"]
    assert "cat-1.png cannot be written" in capsys.readouterr().err
    assert "darkroom-device" not in {thread.name for thread in threading.enumerate()}


def test_a_device_that_is_not_there_is_bad_input(tiny: Path, tmp_path: Path, capsys: Captured) -> None:
    absent = "mps" if torch.cuda.is_available() else "cuda"
    out = str(tmp_path / "out")
    assert app.main(["generate", "a cat", "--device", absent, "--out", out, "--config", str(tiny)]) == app.BAD_INPUT
    assert f"Device is '{absent}', which this machine does not have." in capsys.readouterr().err


def test_a_failure_exits_1_and_leaves_nothing(tmp_path: Path, capsys: Captured) -> None:
    config = written(tmp_path, entry("gone", tmp_path / "nowhere"))
    assert app.main(["generate", "a cat", "--out", str(tmp_path / "out"), "--config", str(config)]) == app.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("darkroom: gone: ")
    assert err.count("\n") == 1
    assert made(tmp_path / "out") == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX's terminals and signals")
@pytest.mark.parametrize("phase", ["Starting", "step"])
def test_an_interrupt_exits_130_and_leaves_nothing(tiny: Path, tmp_path: Path, phase: str) -> None:
    out = tmp_path / "out"
    ended = interrupted("generate", "a cat", "--steps", 1000, "--out", out, "--config", tiny, at=phase)
    assert (ended.code, ended.out) == (app.INTERRUPTED, "")
    assert made(out) == []


def test_models_as_json_and_as_a_table(tiny: Path, capsys: Captured) -> None:
    assert app.main(["models", "--json", "--config", str(tiny)]) == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert model["name"] == "tiny"
    assert (model["state"], model["default"], model["family"]) == ("on disk", True, "sd")
    assert model["licence"]["restrictions"]
    assert model["steps"] == {"low": 1, "high": 1000, "default": 2}
    assert {"title", "parameters", "download_bytes", "size", "guidance_scale", "repo", "revision"} <= set(model)

    assert app.main(["models", "--config", str(tiny)]) == 0
    table = capsys.readouterr().out
    assert "tiny *" in table
    assert "on disk" in table
    assert "CreativeML Open RAIL-M (tiny): No unlawful, harmful, deceptive or discriminating use" in table
    assert all(len(line) <= 160 for line in table.splitlines())


def test_models_says_what_is_not_there(tmp_path: Path, capsys: Captured) -> None:
    gone = entry("gone", tmp_path / "nowhere")
    hub = entry("remote", tmp_path, repo="nobody/nothing", revision="0" * 40, download_bytes=2_134_000_000)
    assert app.main(["models", "--json", "--config", str(written(tmp_path, gone, hub))]) == 0
    models = json.loads(capsys.readouterr().out)
    assert [model["state"] for model in models] == ["missing", "to download"]
    assert app.main(["models", "--config", str(tmp_path / "config.yaml")]) == 0
    assert "2.1 GB" in capsys.readouterr().out


def test_listing_models_loads_no_torch() -> None:
    code = "import sys, app; app.main(['models', '--json']); print('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "False"
    assert {model["name"] for model in json.loads(done.stdout)} >= {"mini-sd", "ssd-1b"}


def test_the_gallery_is_indexed_from_its_pictures(tmp_path: Path, checkpoints: Checkpoints, capsys: Captured) -> None:
    config = written(tmp_path, entry("tiny", checkpoints["sd"]), gallery={"folder": "kept"})
    gallery = Gallery(tmp_path / "kept")
    saved(gallery)
    gallery.close()
    assert app.main(["gallery", "reindex", "--config", str(config)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'kept'}: 1 pictures are listed.\n"


def test_without_a_gallery_there_is_nothing_to_index(tiny: Path, capsys: Captured) -> None:
    assert app.main(["gallery", "reindex", "--config", str(tiny)]) == app.BAD_INPUT
    assert "gallery.folder is null" in capsys.readouterr().err


def test_a_picture_of_another_program_is_read(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.png").write_bytes(png({"parameters": A1111.replace("at night", "\x1b[31m")}))
    assert app.main(["read", str(tmp_path / "a.png")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("PNG, 8x8, made with AUTOMATIC1111\n")
    for said in (
        "  Steps            20\n",
        "Model is 'v1-5-pruned', which is not on offer",
        "more_detail:0.8",
        "\\x1b[31m",
    ):
        assert said in out
    assert app.main(["read", str(tmp_path / "a.png"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["tool"], told["fields"]["seed"], told["kind"]) == ("AUTOMATIC1111", 1234, "PNG")
    assert {"name": "LoRA", "value": "more_detail:0.8"} in told["others"]
    (tmp_path / "b.png").write_bytes(png())
    assert app.main(["read", str(tmp_path / "b.png")]) == 0
    assert capsys.readouterr().out == "PNG, 8x8. It does not say how it was made.\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "can't be opened (No such file"), (b"GIF89a", "is a GIF. PNG, JPEG"), (png()[:-9], "It ends too early.")],
)
def test_what_can_not_be_read_exits_2_with_one_line(
    content: bytes | None, why: str, tmp_path: Path, capsys: Captured
) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    assert app.main(["read", str(tmp_path / "a.png")]) == app.BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), why in err) == ("", 1, True)
