"""What unit tests leave for a build to show: a JUnit file, and how much of a project's code they ran.

SlipCover counts, for a tenth of the tests' time; under coverage.py's tracer they take twice as long on
CPython 3.11. Its settings are in pyproject.toml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import environments
from tools.projects import Project
from tools.shell import Command, Failed, run


@dataclass(frozen=True)
class Measured:
    """What stands before ``-m pytest``, and behind it, so that it leaves reports."""

    before: Command
    options: Sequence[str]


@dataclass(frozen=True)
class Coverage:
    """The reports in ``place``."""

    place: Path

    def of(self, project: Project) -> Measured:
        """Return how to run a project's tests."""
        self.place.mkdir(parents=True, exist_ok=True)
        options = [f"--junit-xml={self.place / f'{project.name}-tests.xml'}"]
        if not _measured(project):
            return Measured([], options)
        counted: Command = ["--out", self._data(project), "--source", project.sources]
        how = ["--json", "--fail-under=0"]  # whether it is enough is judged, and shown, apart from the tests
        return Measured(["-m", "slipcover", *how, *counted], options)

    def judge(self, project: Project) -> None:
        """Write what was run as Cobertura; Failed where it is less than pyproject.toml asks for."""
        if not _measured(project):
            return
        if not self._data(project).exists():
            raise Failed(f"the unit tests of {project.name} ended without saying what they ran")
        command: Command = [environments.tool("suites"), "-m", "slipcover", "--merge", self._data(project)]
        written = self.place / f"{project.name}-coverage.xml"
        run(
            [*command, "--xml", "--out", written],
            problem=f"the unit tests of {project.name} run too little of it: see above, and pyproject.toml",
        )

    def _data(self, project: Project) -> Path:
        return self.place / f"{project.name}-coverage.json"


NONE = Measured([], [])


def _measured(project: Project) -> bool:
    """Whether it has code of its own: infra has templates and tests."""
    return project.sources.name == "src"
