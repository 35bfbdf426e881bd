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
class Measured:
    """What pytest is told so that it leaves reports, and what it needs for that."""

    options: Command
    paths: list[Path]
    variables: dict[str, str]


@dataclass(frozen=True)
class Coverage:
    """The reports in ``place``."""

    place: Path

    def of(self, project: Project) -> Measured:
        """Return how to run some of a project's tests; each run leaves files of its own."""
        self.place.mkdir(parents=True, exist_ok=True)
        part = uuid.uuid4().hex[:8]
        options: list[str | Path] = [f"--junit-xml={self.place / f'{project.name}-{part}-tests.xml'}"]
        if not _measured(project):
            return Measured(options, [], {})
        options += [f"--cov={project.sources}", f"--cov-config={ROOT / 'pyproject.toml'}", "--cov-report="]
        options += ["--cov-fail-under=0"]  # that is for all parts together
        return Measured(options, [_site()], {"COVERAGE_FILE": f"{self._data(project)}.{part}"})

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


NONE = Measured([], [], {})
_SETTINGS = [f"--rcfile={ROOT / 'pyproject.toml'}"]


def _measured(project: Project) -> bool:
    """Whether it has code of its own: infra has templates and tests."""
    return project.sources.name == "src"


def _site() -> Path:
    (found,) = (environments.tool("coverage").parent.parent / "lib").glob("python*/site-packages")
    return found
