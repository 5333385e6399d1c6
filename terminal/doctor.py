"""`python app.py doctor`: what this machine can do and why, each line with what to do where something is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from config import Config, load
from errors import ConfigError
from guard.rules import SPACE
from models.registry import registry
from terminal import hub, machine, safety
from terminal.finding import Finding, Level, fail, ok, warn
from terminal.opening import Asked, opening, told
from terminal.text import one_line

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def run(path: Path, device: str | None) -> int:
    """Look, print each finding as it comes, and return the exit code: 1 if one of them is a failure."""
    console = Console(highlight=False, soft_wrap=True)
    failed = False
    for finding in findings(path, device):
        failed = failed or finding.level is Level.FAIL
        console.print(_line(finding))
    return int(failed)


def findings(path: Path, device: str | None) -> Iterator[Finding]:
    """All that is worth knowing, from the ground up."""
    yield machine.python()
    yield machine.packages()
    yield machine.torch_build()
    try:
        config = load(path)
    except ConfigError as error:
        yield fail("config", str(error), "Correct that line. Nothing below the configuration was looked at.")
        return
    yield ok("config", f"{path}: {len(config.models)} models, {config.default_model} when none is named")
    yield from _deployment(config, device)


def _deployment(config: Config, device: str | None) -> Iterator[Finding]:
    models = registry(config.models)
    yield machine.device(device or config.device)
    yield from machine.room(models, device or config.device)
    yield hub.files(models, config.default_model)
    yield hub.disk(models)
    yield hub.connection()
    yield hub.token()
    yield hub.revisions(models, config.comparison.clip, config.safety.checker)
    yield safety.policy(config.safety, models)
    yield machine.port(config.server)
    yield public(config, os.environ)


def public(config: Config, environ: Mapping[str, str]) -> Finding:
    """Who can come in, as configured; what `serve` is told besides can only open more."""
    try:
        to_whom = opening(config, Asked(), environ)
    except ConfigError as error:
        return fail("public", str(error), "Until then `serve` refuses to start.")
    if not to_whom.public:
        return ok("public", "no: none but this machine's user can come")
    lines = "; ".join(f"{subject}: {text}" for subject, text in told(config, to_whom).items())
    text = f"yes, because {to_whom.why}. {lines}"
    if to_whom.known or SPACE in environ:
        return ok("public", text)
    return warn(
        "public", text, "Make an account: python app.py passwd USER --file users.txt, then --auth-file users.txt."
    )


def _line(finding: Finding) -> Text:
    line = Text.assemble(
        (f"{finding.level.value:<5}", COLOURS[finding.level]),
        f"{finding.subject:<10}",
        one_line(finding.text),
    )
    return line.append(f"\n{'':<15}{one_line(finding.remedy)}") if finding.remedy else line
