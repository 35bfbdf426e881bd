"""Make the lock files, and tell without the network whether they are current.

The first line of a lock is a comment with the hash of what it was made from. No lock holds an index
address, and wotr-common is in none: its wheel is checked by content instead.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import environments, projects
from tools.shell import ROOT, Command, Failed, run

_MARK = "# made from sha256:"
_OPTIONS = ("--universal", "--generate-hashes", "--python-version=3.11", "--no-emit-package=wotr-common")
_BARE = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")


@dataclass(frozen=True)
class Lock:
    """One lock file: made from a ``.in`` file, or from a ``pyproject.toml`` with or without its dev group."""

    path: Path
    source: Path
    groups: tuple[str, ...] = ()

    def inputs(self) -> str:
        """Return the hash of everything that decides its content besides what the index offers."""
        return hashlib.sha256(json.dumps([self._wanted(), self.groups, _OPTIONS]).encode()).hexdigest()[:16]

    def recorded(self) -> str | None:
        """Return the hash of the inputs it was made from, None if it was never made or not by this module."""
        if not self.path.is_file():
            return None
        first = self.path.read_text(encoding="utf-8").partition("\n")[0]
        return first.removeprefix(_MARK) if first.startswith(_MARK) else None

    def _wanted(self) -> list[str]:
        if self.source.suffix == ".in":
            return _requirements(self.source)
        described = tomllib.loads(self.source.read_text(encoding="utf-8"))
        groups = [line for group in self.groups for line in described["dependency-groups"][group]]
        return [*described["project"].get("dependencies", []), *map(str, groups)]


def every_lock() -> list[Lock]:
    """Return all locks: of tool sets, the local cloud's environments and images, and two for each project."""
    sets = sorted(
        path for place in ("tools", "infra/local", "services/*") for path in ROOT.glob(f"{place}/*.in")
    )
    found = [Lock(path.with_suffix(".lock"), path) for path in sets]
    for project in projects.everything():
        described = project.directory / "pyproject.toml"
        if described.is_file():
            found.append(Lock(project.directory / "requirements.lock", described))
            found.append(Lock(project.directory / "requirements-dev.lock", described, ("dev",)))
    return found


def check() -> None:
    """Raise Failed naming the locks whose inputs have changed since they were made."""
    stale = [str(lock.path.relative_to(ROOT)) for lock in every_lock() if lock.recorded() != lock.inputs()]
    if stale:
        raise Failed(f"inputs have changed since: {', '.join(stale)}. Run: python3 noxfile.py -s lock")


def make(arguments: Sequence[str]) -> None:
    """Lock everything again, keeping versions that still fit; ``--upgrade`` takes the newest that fit."""
    unknown = [word for word in arguments if word != "--upgrade"]
    if unknown:
        raise Failed(f"lock knows --check and --upgrade, not {' '.join(unknown)}")
    for lock in every_lock():
        print(f"locking {lock.path.relative_to(ROOT)}", flush=True)
        _compile(lock, arguments)


def _compile(lock: Lock, arguments: Sequence[str]) -> None:
    wheels = ROOT / "dist" / "wheels"
    store: Command = ["--find-links", wheels] if wheels.is_dir() else []
    groups: Command = [word for group in lock.groups for word in ("--group", f"{lock.source}:{group}")]
    command: Command = [environments.uv(), "pip", "compile", *_OPTIONS, *_BARE, *arguments, *store, *groups]
    run(
        [*command, "--output-file", lock.path, lock.source],
        problem=f"cannot lock {lock.path.relative_to(ROOT)}: see above",
    )
    body = lock.path.read_text(encoding="utf-8")
    lock.path.write_text(f"{_MARK}{lock.inputs()}\n{body}", encoding="utf-8")


def _requirements(source: Path) -> list[str]:
    """Return the requirements of a ``.in`` file and of those it includes, comments left out."""
    found = []
    for line in source.read_text(encoding="utf-8").splitlines():
        wanted = line.partition("#")[0].strip()
        included = wanted.removeprefix("-r ")
        found += _requirements(source.parent / included) if included != wanted else [wanted]
    return [line for line in found if line]
