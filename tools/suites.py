"""The test suites: each project's tests in that project's own environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools import cloud, coverage, environments, projects
from tools.projects import Project
from tools.report import Report
from tools.shell import ROOT, Command, Failed, capture

PLUGINS = ROOT / "tools" / "plugins"
# A small CI machine has two processors. A few tests take most of the time: who is through takes over others.
SPREAD = ["-p", "swift_aws", "-n", "2", "--dist", "worksteal"]
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

    With ``--reports DIR`` each project leaves a JUnit file there, and coverage, which then must be enough.
    """
    names, reports = _reports(arguments)
    chosen = [
        project for project in projects.select(names) if project.tests.is_dir() and project.name != "local"
    ]
    if not chosen:
        print("no unit tests there; the local cloud's need one: -s integration -- local")
    measured = coverage.Coverage(reports) if reports else None
    total = _total("unit", [_unit_tests(project, measured) for project in chosen])
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


def integration(names: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run the named projects' integration tests on a deployed local cloud; return how many passed."""
    found = [(project, integration_tests(project)) for project in projects.select(names)]
    return _total(
        "integration",
        [_pytest(project, [_shown(path)], deployed) for project, path in found if path],
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
    return _total("e2e", [_pytest(project, ["pipeline/e2e", f"--ignore={PROOFS}", *arguments], deployed)])


def security(arguments: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run the proofs of what SECURITY.md says, a line with a figure for each. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    return _total("security", [_pytest(project, [PROOFS, *arguments], deployed)])


def faults(arguments: Sequence[str], deployed: Mapping[str, str]) -> int:
    """Run every consumer under injected faults; ``arguments`` go to pytest. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    return _total("faults", [_pytest(project, ["pipeline/faults", *arguments], deployed)])


def scenario(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Play the proof of the delivery path; ``arguments`` go to pytest. Return how many passed."""
    (project,) = projects.select(["pipeline"])
    told = ["pipeline/scenario", "-vv", *arguments]  # -q takes one v back
    return _total("pipeline", [_pytest(project, told, variables)])


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


def _unit_tests(project: Project, measured: coverage.Coverage | None) -> Outcome:
    blocked = ["--disable-socket", "--allow-unix-socket"]
    selection = [_shown(project.tests), f"--ignore={project.tests / 'integration'}", *blocked]
    reports = measured.of(project) if measured else coverage.NONE
    outcome = _pytest(project, [*SPREAD, *reports.options, *selection], OFFLINE, reports.before, spread=True)
    if outcome.ok:
        print(f"{_shown(project.directory)}: {outcome.closing_line}", flush=True)
    else:
        print(f"\n{_shown(project.directory)}: FAILED\n{outcome.output}", flush=True)
    return outcome


def _pytest(
    project: Project,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    before: Command = (),
    *,
    spread: bool = False,
) -> Outcome:
    """Run a project's tests, shown as they go; spread over processes they are shown when all have ended."""
    try:
        python = environments.python(project.name, project.lock)
        paths = [*cloud.paths(project), *(_beside() if spread else [])]
    except Failed as failure:  # the other projects still run
        return Outcome(_shown(project.directory), False, 0, str(failure))
    if not spread:
        print(f"\n{_shown(project.directory)}:", flush=True)
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    usual = ["-q", "-p", "no:cacheprovider", *colour]
    command: Command = [python, *before, "-m", "pytest", *usual, *arguments]
    env = {**variables, **environments.search_path(paths)}
    if not spread:
        env["PYTHONUNBUFFERED"] = "1"  # what is said while it runs is said then
    code, output = capture(command, env=env, echo=not spread)
    passed = re.findall(r"(\d+) passed", output)
    return Outcome(
        _shown(project.directory), code in (0, NO_TESTS_COLLECTED), int(passed[-1]) if passed else 0, output
    )


def _beside() -> list[Path]:
    """Return where spread tests find what no project depends on: the runner's own tool set and plugin."""
    (found,) = (environments.tool("suites").parent.parent / "lib").glob("python*/site-packages")
    return [PLUGINS, found]


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _total(suite: str, outcomes: Sequence[Outcome]) -> int:
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    if failed:
        raise Failed(f"{suite} tests failed in {', '.join(failed)}")
    return sum(outcome.passed for outcome in outcomes)
