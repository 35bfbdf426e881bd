"""The local cloud as the sessions use it: started, and with every stack deployed."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from tools import environments, projects
from tools.projects import Project
from tools.shell import ROOT, Command, Failed, run

from localcloud.errors import LocalCloudError  # isort: skip - tools.environments makes it importable
from localcloud.server import LocalCloud  # isort: skip

STAGE = "dev"


@contextmanager
def running(*, persist: bool = False, faults: bool = False, record: bool = False) -> Iterator[dict[str, str]]:
    """Start a local cloud and give the variables that point an SDK at it; stop it at the end."""
    try:
        with LocalCloud(ROOT, persist=persist, uv=environments.uv(), faults=faults, record=record) as cloud:
            print(f"local cloud: {cloud.endpoint} (log: {cloud.log.relative_to(ROOT)})", flush=True)
            yield cloud.environment() | {"WOTR_STAGE": STAGE}
    except LocalCloudError as error:
        raise Failed(str(error)) from error


GUARDS = (
    "api.AllowedOrigins=https://app.example.com,http://localhost:5173",
    "data.AllowedOrigins=https://app.example.com,http://localhost:5173",
    "api.MachineSourceCidrs=127.0.0.0/8",
    "api.WebAcl=on",
    "data.TrustedWriters=arn:aws:iam::*:role/wotr-e2e-trusted-writer",
)


@contextmanager
def deployed(
    *, persist: bool = False, faults: bool = False, record: bool = False, guarded: bool = False
) -> Iterator[dict[str, str]]:
    """Start a local cloud, build everything for this machine and deploy all stacks to it.

    ``faults``: they can be injected into it. ``record``: it notes the calls that each role makes.
    ``guarded``: what is guarded by parameter only, is.
    """
    guards = [word for guard in GUARDS for word in ("--set", guard)] if guarded else []
    with running(persist=persist, faults=faults, record=record) as variables:
        deploy(["up", "--stage", STAGE, "--target", "host", *guards], variables)
        yield variables


@contextmanager
def recorded(suite: str, variables: Mapping[str, str]) -> Iterator[None]:
    """Have the recording local cloud note calls of roles as those of ``suite``; keep them as evidence."""
    address = f"{variables['AWS_ENDPOINT_URL']}/_wotr/calls/{suite}"
    with urllib.request.urlopen(urllib.request.Request(address, method="PUT")):  # noqa: S310 - our own
        pass
    gather, problem = ["-m", "privileges", "gather"], "what roles did was not kept: see above"
    try:
        yield
    except Failed:  # which is what is to be told, even where the cloud is gone
        with suppress(Failed):
            pipeline(gather, dict(variables), problem)
        raise
    pipeline(gather, dict(variables), problem)


def own_credentials() -> dict[str, str]:
    """Return the AWS settings of the shell, for the sessions that are meant to reach an account."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def deploy(arguments: Sequence[str], variables: dict[str, str] | None = None) -> None:
    """Run ``python -m deploy`` with ``arguments``."""
    pipeline(["-m", "deploy", *arguments], variables, problem=f"deploy {arguments[0]} failed: see above")


def paths(project: Project) -> list[Path]:
    """Return where ``project`` is imported from, with the wheel of an older wotr-common that it pins."""
    if project.wheel is not None:
        _fill_the_store()
    return project.paths()


def import_paths(project: Project) -> dict[str, str]:
    """Return the variables to import ``project`` with."""
    return environments.search_path(paths(project))


@cache
def _fill_the_store() -> None:
    """Once in each run, whatever lies there: a wheel may have been built before its version was published."""
    deploy(["wheels"])


def pipeline(arguments: Command, variables: dict[str, str] | None = None, problem: str | None = None) -> None:
    """Run Python in the pipeline's environment: deploy, the scripts and what shows the platform."""
    (project,) = projects.select(["pipeline"])
    python = environments.python(project.name, project.lock)
    paths = import_paths(project)
    run([python, *arguments], env=(variables or {}) | paths, problem=problem)
