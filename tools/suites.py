"""The test suites: each project's tests in that project's own environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools import cloud, coverage, environments, projects
from tools.projects import Project
from tools.report import Report
from tools.shell import ROOT, Command, Failed, capture

AT_ONCE = 2  # two cores are what a small CI machine has
PROOFS = "pipeline/e2e/security"
Suite = Callable[[Sequence[str], Mapping[str, str]], int]
NO_TESTS_COLLECTED = 5  # pytest's exit code
# moto needs some credentials and a region; nothing a developer has configured may be read.
OFFLINE = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Outcome:
    """What one pytest run said: ``passed`` tests, and whether all went well."""

    name: str
    ok: bool
    passed: int
    output: str

    @property
    def closing_line(self) -> str:
        """Pytest's last line, e.g. ``12 passed in 0.34s``."""
        return self.output.rstrip().rpartition("\n")[2]


def unit(arguments: Sequence[str]) -> int:
    """Run the unit tests of the named projects (none named: all), sockets blocked; return how many passed.

    With ``--reports DIR`` each project leaves JUnit files there, and coverage, which then must be enough.
    """
    names, reports = _reports(arguments)
    chosen = [
        project for project in projects.select(names) if project.tests.is_dir() and project.name != "local"
    ]
    if not chosen:
        print("no unit tests there; the local cloud's need one: -s integration -- local")
    runs = [(project, part) for project in chosen for part in _parts(project, alone=len(chosen) == 1)]
    measured = coverage.Coverage(reports) if reports else None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        total = _total("unit", list(pool.map(lambda each: _unit_tests(each[0], each[1], measured), runs)))
    if measured:
        for project in chosen:
            measured.judge(project)
    return total


def _reports(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    """Return the names in ``arguments``, and the directory behind ``--reports``."""
    words = list(arguments)
    if "--reports" not in words:
        return words, None
    place = words.index("--reports")
    if place + 1 == len(words):
        raise Failed("--reports wants a directory")
    return words[:place] + words[place + 2 :], Path(words[place + 1]).absolute()


def _parts(project: Project, *, alone: bool) -> list[list[Path]]:
    """Return what to give to pytest: all its tests, or parts of them to run side by side if it is alone."""
    files = [
        path
        for path in sorted(project.tests.rglob("test_*.py"), key=lambda path: -path.stat().st_size)
        if project.tests / "integration" not in path.parents
    ]
    number = 2 * AT_ONCE  # a file's size says little about its time: whoever is through takes another part
    if not alone or len(files) < 2 * number:
        return [[project.tests]]
    return [files[start::number] for start in range(number)]


def integration(names: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run the named projects' integration tests on a deployed local cloud; return how many passed."""
    found = [(project, integration_tests(project)) for project in projects.select(names)]
    return _total(
        "integration",
        [_pytest(project, [_shown(path)], deployed, echo=True) for project, path in found if path],
    )


def integration_tests(project: Project) -> Path | None:
    """Return the directory of its integration tests, if it has any; the local cloud has no others."""
    directory = project.tests if project.name == "local" else project.tests / "integration"
    return directory if any(directory.glob("test_*.py")) else None


@contextmanager
def cloud_for(names: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Deploy a local cloud for the integration tests of the named projects, if any needs it."""
    if all(project.name == "local" for project in projects.select(names)):
        yield {}  # they start their own
    else:
        with cloud.deployed(record=True, guarded=True) as variables, cloud.recorded("integration", variables):
            yield variables


def e2e(arguments: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run the black-box tests of a deployed stage; ``arguments`` go to pytest. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    return _total(
        "e2e", [_pytest(project, ["pipeline/e2e", f"--ignore={PROOFS}", *arguments], deployed, echo=True)]
    )


def security(arguments: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run the proofs of what SECURITY.md says, a line with a figure for each. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    return _total("security", [_pytest(project, [PROOFS, *arguments], deployed, echo=True)])


def faults(arguments: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run every consumer under injected faults; ``arguments`` go to pytest. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    return _total("faults", [_pytest(project, ["pipeline/faults", *arguments], deployed, echo=True)])


def scenario(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Play the proof of the delivery path; ``arguments`` go to pytest. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    told = ["pipeline/scenario", "-vv", *arguments]  # -q takes one v back
    return _total("pipeline", [_pytest(project, told, variables, echo=True)])


def on_the_cloud(report: Report) -> None:
    """Run integration, e2e, faults and security as parts of ``report``, on one local cloud for all.

    Security is last: it compares what each role may do with what all suites made it do.
    """
    parts = (("integration", integration), ("e2e", e2e), ("faults", faults), ("security", security))
    with ExitStack() as stack:
        variables = report.part(
            "deploy", lambda: stack.enter_context(cloud.deployed(faults=True, record=True, guarded=True))
        )
        for name, suite in parts:
            if variables is None:
                report.left_out(name, "nothing is deployed")
            else:
                report.part(name, partial(_recorded, name, suite, variables))


def _recorded(name: str, suite: Suite, variables: Mapping[str, str]) -> int:
    with cloud.recorded(name, variables):
        return suite([], variables)


def _unit_tests(project: Project, part: list[Path], measured: coverage.Coverage | None) -> Outcome:
    selection = [*map(_shown, part), f"--ignore={project.tests / 'integration'}"]
    blocked = ["--disable-socket", "--allow-unix-socket"]
    reports = measured.of(project) if measured else coverage.NONE
    outcome = _pytest(project, selection + blocked, OFFLINE, reports=reports)
    if outcome.ok:
        print(f"{_shown(project.directory)}: {outcome.closing_line}", flush=True)
    else:
        print(f"\n{_shown(project.directory)}: FAILED\n{outcome.output}", flush=True)
    return outcome


def _pytest(
    project: Project,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    echo: bool = False,
    reports: coverage.Measured = coverage.NONE,
) -> Outcome:
    try:
        python = environments.python(project.name, project.lock)
        paths = cloud.paths(project)
    except Failed as failure:  # the other projects still run
        return Outcome(_shown(project.directory), False, 0, str(failure))
    if echo:
        print(f"\n{_shown(project.directory)}:", flush=True)
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    usual = ["-q", "-p", "no:cacheprovider", *colour]
    command: Command = [python, "-m", "pytest", *usual, *reports.options, *arguments]
    env = {**variables, **reports.variables, **environments.search_path([*paths, *reports.paths])}
    if echo:
        env["PYTHONUNBUFFERED"] = "1"  # what is said while it runs is said then
    code, output = capture(command, env=env, echo=echo)
    passed = re.findall(r"(\d+) passed", output)
    return Outcome(
        _shown(project.directory), code in (0, NO_TESTS_COLLECTED), int(passed[-1]) if passed else 0, output
    )


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _total(suite: str, outcomes: Sequence[Outcome]) -> int:
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    if failed:
        raise Failed(f"{suite} tests failed in {', '.join(failed)}")
    return sum(outcome.passed for outcome in outcomes)
