"""The Chromium that the browser tests drive: found on this machine, or fetched by `python -m tests.chromium`."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

# The one without windows first: a page costs it less, and it is the one that Playwright itself would take.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DEBIAN = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", SHELL)
UBUNTU_HAS_ONLY_A_SNAP = "ID=ubuntu"


def found() -> Path | None:
    """The browser that CHROMIUM names, else one on the PATH, else Playwright's own. None: there is no browser."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else [shutil.which(name) for name in NAMES]
    there = next((Path(path) for path in candidates if path and Path(path).is_file()), None)
    return there or (None if named else _playwrights_own())


def fetch() -> Path | None:
    """Install a browser: Debian's package where apt and the rights are there, else Playwright's own."""
    if _apt():
        _tell("Installing Debian's chromium for the browser tests.")
        if _ran("apt-get", "update", "--quiet") and _ran(*DEBIAN):
            return found()
    if find_spec("playwright"):
        _tell("Installing Playwright's Chromium for the browser tests.")
        _ran(sys.executable, "-m", "playwright", "install", "chromium")
    return found()


def _playwrights_own() -> Path | None:
    if not find_spec("playwright"):  # .ci/run asks for a browser before it is installed
        return None
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            path = Path(playwright.chromium.executable_path)
    except Error:
        return None
    return path if path.is_file() else None


def _apt() -> bool:
    release = Path("/etc/os-release")
    ubuntu = release.is_file() and UBUNTU_HAS_ONLY_A_SNAP in release.read_text(encoding="utf-8").splitlines()
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and not ubuntu and shutil.which("apt-get") is not None


def _ran(*command: str) -> bool:
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Exit 1 when there is no browser although CI=true asks for one; without CI the tests skip loudly."""
    if found() or fetch():
        return 0
    _tell("NO CHROMIUM: the browser tests cannot run. Install one and name it: CHROMIUM=/path/to/chromium")
    return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main())
