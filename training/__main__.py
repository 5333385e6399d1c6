"""`python -m training …`: how the minis were made, and how others can be. One command for each method and tool."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from errors import ConfigError, DarkroomError
from training.loop.interrupts import Stopped

# What libraries read when they are imported, where nobody has set it.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # it warns of image processors that nothing here uses
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait by spinning slow those down that work

FAILED, BAD_INPUT = 1, 2

# Each command: where its function is, and its line in the list. A module is imported when its command is called.
COMMANDS = {
    "base": ("training.shapes.mini_sd:main", "Train a mini from nothing: autoencoder, text encoder, U-Net."),
    "posters": (
        "training.posters.mini_sdxl:main",
        "Train mini-sdxl on posters: autoencoder, two text encoders, U-Net.",
    ),
    "block": ("training.block_distillation:main", "Leave blocks of a U-Net out and let the rest learn from the whole."),
    "guidance": ("training.guidance_distillation:main", "Teach a U-Net to do in one pass what guidance does in two."),
    "steps": ("training.step_distillation:main", "Teach a U-Net to do in one step what its teacher does in several."),
    "decoder": ("training.decoder_distillation:main", "Teach a narrower image decoder by another one's pictures."),
    "flexible": ("training.flexible_distillation:main", "Teach a flexible U-Net, as DeciDiffusion's, by a stock one."),
    "colours": ("training.colours:main", "Learn which colours a latent space's previews show."),
    "report": ("training.report.command:report", "Measure the whole family in one run: table, sheet, curves."),
    "ablation": ("training.report.ablation:main", "What each of the block student's losses is worth."),
    "dry-run": ("training.dry_run:dry_run", "Try every method on the full-size architectures, with random weights."),
    "judge": ("training.judge:main", "Draw held-out prompts and count what is right."),
    "judge-posters": ("training.posters.judge:main", "The same for models of posters."),
}


class Commands(TyperGroup):
    """Knows its commands by name; a command's own module, with torch and diffusers, takes seconds to import."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, rest = super().resolve_command(ctx, args)
        return name, command(name) if name else None, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Stopped as stopped:
            raise refused(stopped, 128 + stopped.signal) from None
        except KeyboardInterrupt:
            raise refused("Interrupted between two checkpoints.", 128 + signal.SIGINT) from None
        except (DarkroomError, OSError) as error:
            raise refused(error, BAD_INPUT if isinstance(error, ConfigError) else FAILED) from None


def refused(message: object, code: int) -> typer.Exit:
    """Of several processes one tells it."""
    if os.environ.get("RANK", "0") == "0":
        print(f"training: {message}", file=sys.stderr, flush=True)
    return typer.Exit(code)


def command(name: str) -> Any:
    """The command itself, with its options."""
    module, attribute = COMMANDS[name][0].split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="""Train the minis, and distil models as the published ones were.

    Each training runs on the CPU or one GPU as it is, on several GPUs by `accelerate launch -m training …`, on the
    CPU in several processes by `ACCELERATE_USE_CPU=true torchrun --nproc-per-node 2 -m training …`.

    Stopped by Ctrl-C or `kill`, a training saves a checkpoint and exits 130 or 143; the same command goes on from
    there and ends with the weights that it would have had. Exits 2 for what it was told wrong, 1 for a failure.""",
    epilog="More of a command: python -m training block --help",
)


def listed() -> None:
    """Stands in the list of commands for each of them, whose module is not imported for that."""


for _name, (_, _line) in COMMANDS.items():
    app.command(_name, help=_line)(listed)


if __name__ == "__main__":
    app(prog_name="python -m training")
