"""The Python projects of the repository and where their code, tests and dependencies are."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.shell import ROOT, Failed

# Whatever is neither shipped nor stands alone drives the platform, and may import what it drives it with.
ALONE = frozenset({"shared", "local"})
DRIVEN = ("pipeline", "scripts", "shared/src", "infra/local/src")
_COMMON = re.compile(r"^wotr-common\s*==\s*(?P<version>[\w.]+)$")


@dataclass(frozen=True)
class Project:
    """A directory with its own dependencies.

    ``name`` is what a developer types after ``--``; ``borrowed_lock`` is set where another project's
    environment serves this one too.
    """

    name: str
    directory: Path
    borrowed_lock: Path | None = None

    @property
    def lock(self) -> Path:
        """The lock its tests run with."""
        return self.borrowed_lock or self.directory / "requirements-dev.lock"

    @property
    def tests(self) -> Path:
        """The directory of its tests, which may not exist."""
        return self.directory / "tests"

    @property
    def sources(self) -> Path:
        """The directory to put on PYTHONPATH: ``src`` where there is one."""
        src = self.directory / "src"
        if self.name == "tools":  # imported as tools.…
            return ROOT
        return src if src.is_dir() else self.directory

    @cached_property
    def _described(self) -> dict[str, Any]:
        described = self.directory / "pyproject.toml"
        return tomllib.loads(described.read_text(encoding="utf-8")) if described.is_file() else {}

    @property
    def common(self) -> str | None:
        """The version of wotr-common it pins, None if it does not use it."""
        found = [_COMMON.match(line) for line in self._described.get("project", {}).get("dependencies", [])]
        return next((match["version"] for match in found if match), None)

    @property
    def pytest_paths(self) -> list[str]:
        """What its pytest settings put on the import path, relative to its directory."""
        settings = self._described.get("tool", {}).get("pytest", {}).get("ini_options", {})
        return list(settings.get("pythonpath", []))

    @property
    def wheel(self) -> Path | None:
        """The wheel of wotr-common in the wheel store, None if it uses the one in the tree or none."""
        if self.common is None or self.common == tree_version():
            return None
        return ROOT / "dist" / "wheels" / f"wotr_common-{self.common}-py3-none-any.whl"

    def paths(self) -> list[Path]:
        """Return what its PYTHONPATH holds: its own code and the wotr-common it pins.

        The version in the tree is used as source, an older one as its wheel, unpacked: mypy reads no zip.
        """
        if self.common:
            return [self.sources, _unpacked(self.wheel) if self.wheel else ROOT / "shared" / "src"]
        return [self.sources, *(ROOT / path for path in DRIVEN if self.name not in ALONE)]


def tree_version() -> str:
    """Return the version of wotr-common in the working tree."""
    described = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text(encoding="utf-8"))
    return str(described["project"]["version"])


def everything() -> list[Project]:
    """Return all projects, libraries before what uses them, the frame last."""
    services = sorted(path.parent for path in (ROOT / "services").glob("*/pyproject.toml"))
    own = [ROOT / "shared", *services, ROOT / "infra" / "local", ROOT / "pipeline"]
    found = [Project(_name(path), path) for path in own if (path / "pyproject.toml").is_file()]
    pipeline, frame = ROOT / "pipeline" / "requirements-dev.lock", ROOT / "tools" / "tests.lock"
    borrowing = [
        Project("scripts", ROOT / "scripts", pipeline),
        Project("infra", ROOT / "infra", pipeline),
        Project("tools", ROOT / "tools", frame),
    ]
    return found + [project for project in borrowing if project.directory.is_dir()]


def select(names: Sequence[str]) -> list[Project]:
    """Return the named projects (all if none is named); Failed names an unknown one and the known ones.

    A stack of infra may be named as well, and means the project of all of them.
    """
    known = {project.name: project for project in everything()}
    stacks = {path.stem: known["infra"] for path in (ROOT / "infra").glob("*.yml") if "infra" in known}
    unknown = [name for name in names if _plain(name) not in {**known, **stacks}]
    if unknown:
        raise Failed(f"no project called {', '.join(unknown)}; there are: {', '.join(known)}")
    return [{**stacks, **known}[_plain(name)] for name in names] if names else list(known.values())


def _unpacked(wheel: Path) -> Path:
    """Return a folder with what ``wheel`` holds, named after the content: another wheel, another folder."""
    content = wheel.read_bytes()
    folder = ROOT / ".nox" / "libraries" / f"{wheel.stem}-{hashlib.sha256(content).hexdigest()[:12]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place, zipfile.ZipFile(wheel) as archive:
            whole = Path(place) / "unpacked"
            archive.extractall(whole)
            with contextlib.suppress(OSError):  # another run was first, with the same content
                whole.rename(folder)
    return folder


def _name(directory: Path) -> str:
    return "local" if directory == ROOT / "infra" / "local" else directory.name


def _plain(name: str) -> str:
    """Accept a path as well: services/api/ is api."""
    return name.rstrip("/").rpartition("/")[2]
