"""`python -m tests.image` builds the image's file system without Docker, runs it, and gets a picture over HTTP.

The Dockerfile's own ENV, RUN, COPY, USER and WORKDIR lines are run, in their order, in a layer over this machine's
files: nothing of them is changed, and the layer is removed. Its base is this machine with the Python that runs this
command, instead of the image that FROM names. The result is then started as uid 1000 on a root that is read-only but
for the volumes and /tmp. Needs Linux, root, and some minutes: all requirements are installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from gradio_client import Client
from PIL import Image

from tests.dockerfile import ROOT, command, context, instructions, said, variables
from tests.elsewhere import copied, free_port

PYTHON = "/usr/local/bin"  # where the image that FROM names has it
BARE = {"base": sys.base_prefix, "platbase": sys.base_prefix}
NOBODY = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--bounding-set=-all")


class Layer:
    """A file system over this machine's, in a mount namespace that ends with this process."""

    def __init__(self, folder: Path) -> None:
        self.root, self.user, self.at = folder / "root", "root", "/"
        for name in ("root", "upper", "work"):
            (folder / name).mkdir()
        layers = f"lowerdir=/,upperdir={folder / 'upper'},workdir={folder / 'work'}"
        _mount("-t", "overlay", "overlay", "-o", layers, str(self.root))
        for name in ("proc", "dev"):
            _mount("--rbind", f"/{name}", str(self.root / name))

    def based(self, environ: Mapping[str, str]) -> dict[str, str]:
        """With the Python that runs this, which others than its owner may use; the environment to begin with."""
        own = Path(sys.executable).resolve()
        for folder in own.parents:
            inside = self.root / folder.relative_to("/")
            inside.chmod(inside.stat().st_mode | 0o755)
        _inside(self.root, "/", (), ["ln", "-sf", str(own), f"{PYTHON}/python"], environ)
        for package in (self.root / sysconfig.get_path("purelib", vars=BARE)[1:]).iterdir():
            if package.is_dir() and not package.name.startswith("pip"):  # as bare as in the image that FROM names
                shutil.rmtree(package)
        script = '#!/bin/sh\nexec python -m pip "$@"\n'
        (self.root / PYTHON[1:] / "pip").write_text(script, encoding="utf-8")
        (self.root / PYTHON[1:] / "pip").chmod(0o755)
        for name in ("passwd", "group", "shadow", "gshadow"):  # its own users alone
            file = self.root / "etc" / name
            file.write_text("\n".join(line for line in file.read_text().splitlines() if _of_system(line)) + "\n")
        (self.root / "tmp").chmod(0o1777)
        kept = {name: value for name, value in environ.items() if name.startswith("PIP_")}
        return {**kept, "PATH": f"{PYTHON}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}

    def build(self, environ: dict[str, str]) -> dict[str, str]:
        """Do what each line says; the environment that came of them."""
        for name, value in instructions():
            print(f"{name} {value[:100]}", flush=True)
            if name == "USER":
                self.user, environ["HOME"] = value, f"/home/{value}"
            elif name == "WORKDIR":
                self.at = value
            elif name == "ENV":
                environ = variables(environ)
            elif name == "RUN":
                rights = () if self.user == "root" else NOBODY
                _inside(self.root, self.at, rights, ["sh", "-c", value], environ)
            elif name == "COPY":
                self._copy(value.split())
        return environ

    def _copy(self, words: list[str]) -> None:
        *sources, target = [word for word in words if not word.startswith("--")]
        names = list(context()) if sources == ["."] else sources
        into = self.root / self.at[1:] / target
        copied(names, into)
        for path in (into, *into.rglob("*")):
            os.chown(path, 1000, 1000, follow_symlinks=False)

    def shut(self) -> None:
        """Read-only from now on, but for the volumes and /tmp."""
        for path in (*said("VOLUME"), "/tmp"):
            _mount("-t", "tmpfs", "tmpfs", "-o", "mode=1777", str(self.root / path[1:]))
        _mount("-o", "remount,ro", str(self.root))

    def serve(self, environ: dict[str, str]) -> "subprocess.Popen[str]":
        words = ["chroot", str(self.root), *NOBODY, "env", f"--chdir={self.at}"]
        serving = [*command("ENTRYPOINT"), *command("CMD")]
        return subprocess.Popen([*words, *serving], env=environ, stdout=subprocess.PIPE, text=True)


def _of_system(line: str) -> bool:
    """Whether a line of passwd or group is of no person; those of shadow and gshadow name nobody by number."""
    number = line.split(":")[2]
    return not number.isdecimal() or int(number) < 1000 or int(number) > 60_000


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _inside(root: Path, at: str, rights: tuple[str, ...], words: list[str], environ: Mapping[str, str]) -> None:
    subprocess.run(["chroot", str(root), *rights, "env", f"--chdir={at}", *words], env=environ, check=True)


def picture(url: str) -> None:
    """Get one, and say so."""
    files, details = Client(url, verbose=False).predict("a red circle", seed=7, api_name="/generate")
    with Image.open(files[0]) as image:
        print(f"A picture of {image.size[0]}x{image.size[1]} from {details['device']}. {details['notes']}")


def main() -> int:
    """Build, start, ask, stop. In two processes: what the second one mounts, the first one does not see and removes."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description=__doc__)
    parser.add_argument("--layer", type=Path, help=argparse.SUPPRESS)
    if folder := parser.parse_args().layer:
        return tried(folder)
    folder = Path(tempfile.mkdtemp(prefix="darkroom-image-"))
    try:
        again = ["unshare", "--mount", sys.executable, "-m", "tests.image", "--layer", str(folder)]
        return subprocess.call(again, cwd=ROOT)
    finally:
        shutil.rmtree(folder)


def tried(folder: Path) -> int:
    """0 where the image was built and made a picture."""
    layer, started = Layer(folder), time.monotonic()
    environ = layer.build(layer.based(os.environ))
    print(f"Built in {time.monotonic() - started:.0f} s.")
    layer.shut()
    environ["GRADIO_SERVER_PORT"] = str(free_port())
    with layer.serve(environ) as server:
        assert server.stdout is not None
        assert any(line.startswith("Darkroom is at ") for line in iter(server.stdout.readline, ""))
        picture(f"http://127.0.0.1:{environ['GRADIO_SERVER_PORT']}")
        server.terminate()
    print(f"It ended with {server.returncode}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
