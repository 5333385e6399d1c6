"""A command that somebody at a terminal interrupts."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from tests.waiting import PATIENCE

APP = Path(__file__).parents[1] / "app.py"


@dataclass(frozen=True)
class Interrupted:
    """What a command left behind."""

    code: int
    out: str
    shown: str  # on the terminal, until the interrupt


def interrupted(*arguments: object, at: str) -> Interrupted:
    """What `python app.py` with `arguments` does at Ctrl-C, as soon as the terminal that has its stderr shows `at`."""
    import pty

    screen, terminal = pty.openpty()
    command = [sys.executable, str(APP), *map(str, arguments)]
    with subprocess.Popen(command, stdout=PIPE, stderr=terminal, text=True) as running:
        os.close(terminal)
        shown = ""
        while at not in shown:
            shown += os.read(screen, 4096).decode(errors="replace")
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=PATIENCE)
    os.close(screen)
    return Interrupted(running.returncode, out, shown)
