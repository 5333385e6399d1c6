"""The command line and the wiring: serve (without a command) · generate · read · models · benchmark · … No logic."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from config import load
from errors import ConfigError, DarkroomError, InvalidRequest, UnreadablePicture
from models.registry import registry
from terminal import access, options
from terminal.engine import engine_for
from terminal.options import OUR_CONFIG
from terminal.text import one_line
from zerogpu.settings import present

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

# What libraries read when they are imported, where nobody has set it.
ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
    "TRANSFORMERS_VERBOSITY": "error",  # it warns of image processors that no model here uses
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait by spinning slow a step down many times when a CPU is shared
}

log = logging.getLogger(__name__)
app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Darkroom turns a prompt into a picture. Without a command it serves its page.",
    epilog="More of a command: python app.py generate --help",
)

galleries = typer.Typer(help="What can be done with the gallery without a page.")
app.add_typer(galleries, name="gallery")
app.add_typer(access.keys, name="keys")


@app.command()
def serve(
    host: options.Host = None,
    port: options.Port = None,
    share: options.Share = False,
    open: options.Open = False,
    auth_file: options.AuthFile = None,
    config: options.ConfigPath = OUR_CONFIG,
    device: options.DeviceName = None,
    models: options.Offered = None,
    preload: options.Preload = False,
) -> None:
    """Serve the page, by default at http://127.0.0.1:7860."""
    from terminal import opening, serving

    ours = ("access", "comparison", "gallery", "generation", "measurement", "models", "safety", "terminal", "ui")
    for package in (*ours, "zerogpu"):
        logging.getLogger(package).setLevel(logging.INFO)
    deployment = load(config)
    asked = opening.Asked(host=host, port=port, share=share, open=open, auth_file=auth_file)
    to_whom = opening.opening(deployment, asked, os.environ)
    engine = engine_for(deployment, device, models, to_whom.public, present(os.environ))
    serving.run(engine, deployment, to_whom, preload)


@app.command()
def generate(
    prompt: options.Prompt,
    model: options.Model = None,
    negative: options.Negative = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    size: options.PictureSize = None,
    seed: options.Seed = None,
    sampler: options.Sampler = None,
    count: options.Count = None,
    out: options.Out = "outputs",
    config: options.ConfigPath = OUR_CONFIG,
    device: options.DeviceName = None,
) -> None:
    """Make pictures here, and print where each was written. Options left out are the model's defaults."""
    from terminal import generate as command
    from terminal.pictures import destination

    engine = engine_for(load(config), device)
    values = {
        "prompt": prompt,
        "negative_prompt": negative,
        "model": model,
        "steps": steps,
        "guidance_scale": guidance,
        "seed": seed,
        "sampler": sampler,
        "count": count,
    }
    request = engine.request(command.asked(size, values))
    command.run(engine, request, destination(out))


@app.command()
def compare(
    recipe: Annotated[Path | None, typer.Argument(help="recipe.json of a comparison.")] = None,
    prompt: Annotated[list[str] | None, typer.Option(help="What the pictures show. Repeat it for more.")] = None,
    models: Annotated[str | None, typer.Option(help="These: a,b; else all that need no download.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="For all models; repeatable. Else one is drawn.")] = None,
    steps: Annotated[list[int] | None, typer.Option(help="Repeatable; else each model's own.")] = None,
    guidance: Annotated[list[float] | None, typer.Option(help="Repeatable; else each model's own.")] = None,
    sampler: Annotated[list[str] | None, typer.Option(help="Repeatable; else each model's own.")] = None,
    negative: options.Negative = None,
    size: options.PictureSize = None,
    out: Annotated[
        str, typer.Option(help="A folder for the pictures, a report, tables and the recipe.")
    ] = "comparison",
    clip: Annotated[bool, typer.Option("--clip", help="Score the pictures by CLIP, which is downloaded once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All that was measured on stdout, for programs.")] = False,
    config: options.ConfigPath = OUR_CONFIG,
    device: options.DeviceName = None,
) -> int:
    """Make the same pictures on several models, or run a comparison's recipe again and tell what came out the same.

    A picture of a recipe is byte-identical, or has the same pixels in another file, or differs: then by how much.

    With --out alone it goes on with what was interrupted there.

    Exits 1 where a picture could not be made; one that differs is no failure.
    """
    from terminal import compare as command

    folder, deployment = command.folder(out), load(config)
    scorer, engine = command.clip(deployment.comparison, clip), engine_for(deployment, device)
    axes = {"prompts": prompt, "seeds": seed, "steps": steps, "guidance_scales": guidance, "samplers": sampler}
    wanted = command.wanted(engine, folder, recipe, models, size, negative, axes)
    return 0 if command.run(engine, wanted, folder, as_json, scorer) else FAILED


@app.command(name="models")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, for programs.")] = False,
    config: options.ConfigPath = OUR_CONFIG,
) -> None:
    """List the models on offer, with sizes, defaults, licences and whether they are on the disk."""
    from terminal import models as command

    deployment = load(config)
    show = command.print_json if as_json else command.print_table
    show(registry(deployment.models), deployment.default_model)


@app.command()
def benchmark(
    models: options.Measured = None,
    random_weights: options.RandomWeights = False,
    size: options.PictureSize = None,
    steps: options.Steps = None,
    rounds: options.Rounds = 3,
    quick: options.Quick = False,
    json: options.JsonFile = None,
    markdown: options.MarkdownFile = None,
    config: options.ConfigPath = OUR_CONFIG,
    device: options.DeviceName = None,
) -> int:
    """Measure what each model costs on this machine: loads, first preview, steps, pictures, batches, memory, previews.

    Every figure is a median with least and most, a warm-up apart. Result and
    machine are kept in the folder at measurement.folder of the configuration,
    and compared with the benchmark before on the same hardware.

    A model that --models names is downloaded if it has to be. mini-sd takes
    about a minute on two cores; a large model on a CPU takes hours at its own
    size: then lower --size and --steps, which the result tells.

    Ctrl-C keeps what was measured and exits 130. Exits 1 where a model could
    not be measured.
    """
    from terminal import benchmark as command

    deployment = load(config)
    asked = command.asked(registry(deployment.models), models, random_weights, size, steps, rounds, quick)
    return command.run(engine_for(deployment, device), asked, deployment.measurement.folder, json, markdown)


@app.command(name="read")
def read_picture(
    file: Annotated[Path, typer.Argument(help="A PNG, JPEG or WebP that this or another program made.")],
    as_json: Annotated[bool, typer.Option("--json", help="An object, for programs.")] = False,
    config: options.ConfigPath = OUR_CONFIG,
) -> None:
    """Say how a picture was made, as far as its file tells, and what of that can be had here."""
    from terminal import reading as command

    command.run(load(config), file, as_json)


@galleries.command()
def reindex(config: options.ConfigPath = OUR_CONFIG) -> None:
    """Make the gallery's index anew from its pictures alone; stars and tags stay, they have a file of their own."""
    from terminal import gallery as command

    command.reindex(command.folder(load(config).gallery.folder))


@app.command()
def doctor(config: options.ConfigPath = OUR_CONFIG, device: options.DeviceName = None) -> int:
    """Say what this machine can do and why, and what to do about what is missing. Exits 1 where that is serious."""
    from terminal import doctor as command

    return command.run(config, device)


app.command()(access.passwd)


def main(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name, or serve; return the exit code.

    0, 1 for a failure, 2 for what we were told wrong, 130 after an interrupt.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    unnamed = not arguments or (arguments[0].startswith("-") and arguments[0] != "--help")
    try:
        return app(["serve", *arguments] if unnamed else [*arguments], standalone_mode=False) or 0
    except typer.TyperException as error:
        return _refused(error.format_message(), BAD_INPUT)
    except (ConfigError, InvalidRequest, UnreadablePicture) as error:
        return _refused(str(error), BAD_INPUT)
    except DarkroomError as error:
        return _refused(str(error), FAILED)


def _refused(message: str, code: int) -> int:
    print(f"darkroom: {one_line(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    if code == INTERRUPTED:
        os._exit(code)  # a thread that is inside torch would hold up an ordinary exit
    sys.exit(code)
