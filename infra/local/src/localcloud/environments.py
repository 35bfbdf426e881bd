"""The two private environments of the local cloud.

* the server's: MiniStack, which pins botocore exactly and so can share with nobody;
* the functions': what Lambda's Python runtime provides and nothing else, so that a dependency
  which a function forgot to declare fails here as it would on AWS.

An environment is named after its lock file and its interpreter: a changed lock makes a new one,
an unchanged one is found in a millisecond.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.locks import locked

HERE = Path(__file__).resolve().parents[2]
SERVER_LOCK = HERE / "ministack.lock"
RUNTIME_LOCK = HERE / "runtime.lock"

_COMPLETE = "complete.json"


@dataclass(frozen=True)
class Environments:
    """Paths of the two Python interpreters."""

    server: Path
    functions: Path


def prepare(directory: Path, *, python: str | None = None, uv: str | None = None) -> Environments:
    """Make what is missing under ``directory`` and return the interpreters.

    ``python`` is the interpreter that functions run on (a path, or a name on PATH; default: the
    current one). The server always runs on the current one. ``uv`` defaults to the one on PATH.
    Two processes may call this at once: the second waits for the first.
    """
    current = Path(sys.executable)
    return Environments(
        server=make(directory, "server", SERVER_LOCK, current, uv=uv, compiled=True),
        functions=make(
            directory, "functions", RUNTIME_LOCK, _interpreter(python, current), uv=uv, compiled=True
        ),
    )


def make(
    directory: Path,
    name: str,
    lock: Path,
    interpreter: Path,
    *,
    uv: str | None = None,
    compiled: bool = False,
) -> Path:
    """Return the Python of an environment that holds exactly what ``lock`` names, making it if need be.

    ``compiled``: all of it at once, which takes ten times as long as the rest. Otherwise what is imported is
    compiled then.
    """
    key = _key(lock, interpreter)
    target = directory / f"{name}-{key}"
    python = target / "bin" / "python"
    if (target / _COMPLETE).exists():
        return python
    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory / f"{name}.lock"):
        if not (target / _COMPLETE).exists():
            _build(target, lock, interpreter, _uv(uv), compiled=compiled)
            _remove_others(directory, name, keep=target)
    return python


def _build(target: Path, lock: Path, interpreter: Path, uv: str, *, compiled: bool) -> None:
    shutil.rmtree(target, ignore_errors=True)
    # Relocatable: a build's cache brings it to another folder.
    venv = [uv, "venv", "--quiet", "--no-project", "--relocatable"]
    _run([*venv, "--python", str(interpreter), str(target)])
    install = [uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    install += ["--compile-bytecode"] if compiled else []
    _run([*install, "--python", str(target / "bin" / "python"), "--requirement", str(lock)])
    record = {"lock": lock.name, "interpreter": str(interpreter)}
    (target / _COMPLETE).write_text(json.dumps(record), encoding="utf-8")


def _remove_others(directory: Path, name: str, *, keep: Path) -> None:
    """Drop environments of earlier locks of the same interpreter, or they would pile up."""
    kept = json.loads((keep / _COMPLETE).read_text(encoding="utf-8"))
    for other in directory.glob(f"{name}-*"):
        try:
            record = json.loads((other / _COMPLETE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if other != keep and record == kept:
            shutil.rmtree(other, ignore_errors=True)


def _key(lock: Path, interpreter: Path) -> str:
    """Hash of the lock's content and of the interpreter's identity (path, size and age of its binary)."""
    try:
        content = lock.read_bytes()
    except FileNotFoundError:
        raise LocalCloudError(
            f"{lock} is missing: the local cloud cannot make its environment without it"
        ) from None
    binary = interpreter.resolve()
    stat = binary.stat()
    identity = f"{binary}:{stat.st_size}:{stat.st_mtime_ns}"
    return hashlib.sha256(content + identity.encode()).hexdigest()[:12]


def _interpreter(wanted: str | None, current: Path) -> Path:
    if wanted is None:
        return current
    found = shutil.which(wanted)
    if found is None:
        raise LocalCloudError(
            f"no Python interpreter {wanted!r} to run functions on: give a path or a name on PATH"
        )
    return Path(found)


def _uv(wanted: str | None) -> str:
    found = wanted or shutil.which("uv")
    if found is None:
        raise LocalCloudError(
            "uv is not on PATH: run through nox (python3 noxfile.py -s up), which brings it along"
        )
    return found


def _run(command: list[str]) -> None:
    # The caller's own virtual environment must not catch what is meant for a private one.
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise LocalCloudError(
            f"could not make an environment of the local cloud: {' '.join(command)}\n{said}"
        )
