"""What unit tests leave for a build to show: JUnit files, and how much of a project's code they ran.

coverage comes from an environment of its own and is put behind the project's, so that no project depends
on it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from tools import environments
from tools.projects import Project
from tools.shell import ROOT, Command, capture, run


@dataclass(frozen=True)
class Runner:
    """What stands before and behind ``-m pytest``, and the paths that it needs."""

    before: Command
    after: Command
    paths: list[Path]


@dataclass(frozen=True)
class Coverage:
    """The reports in ``place``."""

    place: Path

    def runner(self, project: Project) -> Runner:
        """Return how to run some of a project's tests; each run leaves files of its own."""
        self.place.mkdir(parents=True, exist_ok=True)
        junit = self.place / f"{project.name}-{uuid.uuid4().hex[:8]}-tests.xml"
        before: Command = []
        if _measured(project):
            data = f"--data-file={self._data(project)}"
            before = [
                "-m",
                "coverage",
                "run",
                "--parallel-mode",
                data,
                f"--source={project.sources}",
                *_SETTINGS,
            ]
        return Runner(before, [f"--junit-xml={junit}"], [_site()])

    def judge(self, project: Project) -> None:
        """Write what was run as Cobertura; Failed where it is less than pyproject.toml asks for."""
        if not _measured(project):
            return
        command: Command = [environments.tool("coverage"), "-m", "coverage"]
        data = f"--data-file={self._data(project)}"
        _code, output = capture([*command, "combine", "--quiet", data, *_SETTINGS])
        print(output, end="", flush=True)
        written = self.place / f"{project.name}-coverage.xml"
        run([*command, "xml", "--quiet", "--fail-under=0", data, *_SETTINGS, "-o", written])
        run(
            [*command, "report", data, *_SETTINGS],
            problem=f"the unit tests of {project.name} run too little of it: see above, and pyproject.toml",
        )

    def _data(self, project: Project) -> Path:
        return self.place / f".coverage-{project.name}"


_SETTINGS = [f"--rcfile={ROOT / 'pyproject.toml'}"]


def _measured(project: Project) -> bool:
    """Whether it has code of its own: infra has templates and tests."""
    return project.sources.name == "src"


def _site() -> Path:
    (found,) = (environments.tool("coverage").parent.parent / "lib").glob("python*/site-packages")
    return found
