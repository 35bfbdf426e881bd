#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox==2026.10.20", "uv==0.13.8"]
# ///
"""Every command of the project.

python3 noxfile.py                  lists the sessions
python3 noxfile.py -s demo          runs one; needs only Python >= 3.11 with venv, and git
python3 noxfile.py -s unit -- api   arguments after -- narrow it
uv run noxfile.py -s tests          the same where uv is installed
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter must reach this sentence
    sys.exit(
        "noxfile.py: this is Python %d.%d (%s), and wotr needs 3.11 or newer. "  # noqa: UP031
        "Run it with a newer one, for example: python3.13 noxfile.py -s demo"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tools import bootstrap

if __name__ == "__main__":
    bootstrap.ensure(sys.argv)  # does not come back when nox has to be run from its private environment

import contextlib
import functools
from collections.abc import Callable

import nox

from tools import cloud, locks, parts, suites
from tools import delivery as carrying
from tools import licences as licence_list
from tools.report import Report
from tools.shell import Failed, end_on_sigterm

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "none"  # environments come from lock files: tools/environments.py


def command(work: Callable[[list[str]], object]) -> Callable[..., object]:
    """Make a session of ``work``, which takes the words after ``--`` and raises Failed."""

    @functools.wraps(work)
    def body(session: nox.Session) -> None:
        end_on_sigterm()
        try:
            work(session.posargs)
        except Failed as failure:
            session.error(str(failure))

    return nox.session(body)


@command
def demo(arguments: list[str]) -> None:
    """Boot the local cloud, deploy everything, play the main scenario (-- --csv FILE: with your export)."""
    parts.show("demo", arguments)


@command
def up(arguments: list[str]) -> None:
    """Boot and deploy as demo does, run until Ctrl-C (-- --keep: keep the data; -- --csv FILE: as demo)."""
    rest = [word for word in arguments if word != "--keep"]
    with contextlib.suppress(KeyboardInterrupt):
        parts.show("up", rest, persist="--keep" in arguments)


@command
def tests(_arguments: list[str]) -> None:
    """Everything CI runs: lint, types, templates, unit, four suites on a cloud, the pipelines; a table."""
    report = Report()
    for part in (parts.lint, parts.types, parts.templates, suites.unit):
        report.part(part.__name__, functools.partial(part, []))
    suites.on_the_cloud(report)
    report.part("pipeline", functools.partial(carrying.scenario, []))
    report.finish()


@command
def lint(arguments: list[str]) -> None:
    """Style, layout contracts, locks and house rules (-- --fix mends what can be mended; -- api: of one)."""
    parts.lint(arguments)


@command
def types(arguments: list[str]) -> None:
    """Mypy, strict, project by project (-- api: one of them)."""
    parts.types(arguments)


@command
def templates(arguments: list[str]) -> None:
    """The CloudFormation templates: cfn-lint with our rules, checkov, graph, documents (-- api: of one)."""
    parts.templates(arguments)


@command
def static(arguments: list[str]) -> None:
    """Lint and templates at once, as a pipeline's build asks for them (-- api: of one)."""
    parts.static(arguments)


@command
def nag(arguments: list[str]) -> None:
    """cfn-nag over the templates, in Docker; says so where there is no Docker engine."""
    parts.nag(arguments)


@command
def unit(arguments: list[str]) -> None:
    """Unit tests of every project, sockets blocked (-- api workers: of some; --reports DIR: coverage)."""
    suites.unit(arguments)


@command
def integration(arguments: list[str]) -> None:
    """Integration tests of every project on a local cloud (-- workers: of some)."""
    with suites.cloud_for(arguments) as variables:
        suites.integration(arguments, variables)


@command
def e2e(arguments: list[str]) -> None:
    """Black-box tests of the deployed platform; words after -- go to pytest (-- -k import)."""
    with cloud.deployed(record=True, guarded=True) as variables, cloud.recorded("e2e", variables):
        suites.e2e(arguments, variables)


@command
def security(arguments: list[str]) -> None:
    """The proofs of what SECURITY.md says, with figures; words after -- go to pytest (-- -k audit)."""
    with cloud.deployed(record=True, guarded=True) as variables, cloud.recorded("security", variables):
        suites.security(arguments, variables)


@command
def faults(arguments: list[str]) -> None:
    """Each consumer under duplicates, disorder, crashes, poison, throttling (-- -k "write and poison")."""
    stage = cloud.deployed(faults=True, record=True, guarded=True)
    with stage as variables, cloud.recorded("faults", variables):
        suites.faults(arguments, variables)


@command
def deploy(arguments: list[str]) -> None:
    """Deploy to the AWS account of your credentials (-- up --stage dev api: one service; -- --help)."""
    cloud.deploy(arguments or ["--help"], cloud.own_credentials())


@command
def pipeline(arguments: list[str]) -> None:
    """Push HEAD through the pipelines of a local cloud to prod (-- --approve; -- --scenario; -- --help)."""
    carrying.pipeline(arguments)


@command
def delivery(arguments: list[str]) -> None:
    """Look after the pipelines: bootstrap, state, approve, reject, rollback, figures (-- --help)."""
    parts.driven("delivery", arguments or ["--help"])


@command
def check(arguments: list[str]) -> None:
    """What a pipeline asks of a deployed stage (-- smoke --stage prod --deployable api; -- --help)."""
    parts.driven("checks", arguments or ["--help"])


@command
def script(arguments: list[str]) -> None:
    """Run one of scripts/ with the AWS settings of your shell (-- seed --users 5; -- s3_smoke --help)."""
    parts.script(arguments)


@command
def openapi(_arguments: list[str]) -> None:
    """Write the API's OpenAPI document again from its code."""
    parts.openapi()


@command
def contracts(_arguments: list[str]) -> None:
    """Write the JSON schemas of events and messages again from wotr-common's models."""
    parts.contract_schemas()


@command
def iam(_arguments: list[str]) -> None:
    """Write notes/iam-review.md again: what each role may do, and which suite was seen to use it."""
    cloud.pipeline(["-m", "privileges", "write"], problem="the review of roles was not written: see above")


@command
def licences(_arguments: list[str]) -> None:
    """Write the list of the dependencies' licences again from what is installed."""
    licence_list.write()


@command
def package(arguments: list[str]) -> None:
    """The Lambda zips for AWS (arm64, Python 3.13), into dist/ (-- api: of one service)."""
    parts.package(arguments)


@command
def bench(arguments: list[str]) -> None:
    """The benchmarks in scripts/bench (-- readers --rows 10000: one of them, with its own options)."""
    parts.bench(arguments)


@command
def lock(arguments: list[str]) -> None:
    """Lock all dependencies again (-- --upgrade: newest versions; -- --check: compare)."""
    if arguments == ["--check"]:
        locks.check()
    else:
        cloud.deploy(["wheels"])  # the services' locks are resolved against the wotr-common they pin
        locks.make(arguments)


if __name__ == "__main__":
    if len(sys.argv) == 1 or sys.argv[1] in ("-h", "--help"):
        sys.argv[1:] = ["--list"]
    nox.main()
