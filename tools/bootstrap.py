"""Make noxfile.py runnable on a machine that has only Python with venv.

Installs nox and uv from ``tools/nox.lock`` into ``.nox/bootstrap/<hash of the lock and the interpreter>``
and replaces the process by the same command run from there. Standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tools" / "nox.lock"
PINS = ROOT / "tools" / "nox.in"


def ensure(arguments: list[str]) -> None:
    """Return if this interpreter has the pinned nox and uv; otherwise run ``arguments`` where they are."""
    if missing(PINS):
        python = environment(ROOT / ".nox" / "bootstrap", LOCK)
        variables = dict(os.environ, PATH=f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        variables.pop("PYTHONHOME", None)
        variables.pop("PYTHONPATH", None)  # what is meant for another Python must not reach this one
        sys.stdout.flush()
        os.execve(python, [str(python), str(ROOT / "noxfile.py"), *arguments[1:]], variables)  # noqa: S606 - itself again


def missing(pins: Path) -> list[str]:
    """Return the pins (``name==version``) of a requirements file that this interpreter does not have."""
    wanted = [line.strip() for line in pins.read_text(encoding="utf-8").splitlines() if "==" in line]
    return [pin for pin in wanted if _installed(pin.split("==")[0]) != pin.split("==")[1]]


def environment(directory: Path, lock: Path) -> Path:
    """Return the Python of the environment made from ``lock``, making it first if need be.

    Two processes may ask at once: the second waits. A half-made environment is made again.
    Exits with a sentence when venv or the installation fails.
    """
    place = directory / key(lock)
    python = place / "bin" / "python"
    complete = place / "complete"
    directory.mkdir(parents=True, exist_ok=True)
    # "a": a build's cache leaves out what was written to since
    with (directory / f"{place.name}.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not complete.exists():
            print("noxfile.py: first run, installing nox and uv into .nox/bootstrap", file=sys.stderr)
            shutil.rmtree(place, ignore_errors=True)
            _step(
                [sys.executable, "-m", "venv", str(place)],
                "cannot make a virtual environment: this Python lacks the venv module "
                "(on Debian and Ubuntu: apt install python3-venv)",
            )
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _step(
                [*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)],
                f"cannot install {lock.relative_to(lock.parents[1])}: is the package index reachable?",
            )
            complete.touch()
    return python


def key(lock: Path) -> str:
    """Return the name of the environment: it changes with the lock's content and with the interpreter."""
    identity = f"{sys.version}|{Path(sys.executable).resolve()}|".encode()
    return hashlib.sha256(identity + lock.read_bytes()).hexdigest()[:12]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _step(command: list[str], problem: str) -> None:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout.rstrip()}\nnoxfile.py: {problem}")
