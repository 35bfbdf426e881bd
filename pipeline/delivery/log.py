"""The command ``log``: what the build of an execution printed, and prints.

The lines alone go to standard output; what is said about them goes beside, so that a pipe gets a plain log.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

from rich.console import Console

from delivery import history
from delivery.build_logs import BuildLogs, NoLog, Page
from delivery.builds import Build, Builds
from delivery.definition import CODEBUILD, Definition
from delivery.errors import DeliveryError
from delivery.history import Execution, Run
from delivery.pipelines import PREFIX, Pipelines, pause_s
from delivery.screen import Screen


def show(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Print the log that ``options`` ask for."""
    beside = Screen(Console(stderr=True, highlight=False))
    known = pipelines.definition(options.deployable)
    execution = _execution(pipelines, known, options.execution)
    found = _begun(pipelines, known, execution, options, beside)
    version = f"{options.deployable} {execution.commit[:7]}".rstrip()
    beside.say(f"{version} {found.stage}: {found.action} {found.status}, build {found.external_id}", "bold")
    for lines in printed(Builds(), BuildLogs(), found.external_id, options.tail, follow=options.follow):
        screen.lines(lines)
    goes_on = found.status == "InProgress" and not options.follow
    word = f"log {options.deployable} --follow" if goes_on else f"state {options.deployable}"
    beside.next(f"python3 noxfile.py -s delivery -- {word}")
    return 0


def printed(
    builds: Builds, logs: BuildLogs, build_id: str, tail: int = 0, *, follow: bool = False
) -> Iterator[list[str]]:
    """The build's lines, a page at a time: all or the last ``tail``; with ``follow`` until it has ended."""
    build, after = builds.one(build_id), ""
    settled = build.complete
    while True:
        try:
            for page in _there(logs, build, tail, after):
                yield page.lines
                after = page.after
        except NoLog:
            if build.complete or not follow:
                raise
        if settled or not follow:
            return
        time.sleep(pause_s())
        # One more look behind the end: the last lines may arrive after the build is called complete.
        settled = build.complete
        build = builds.one(build_id)


def _there(logs: BuildLogs, build: Build, tail: int, after: str) -> Iterator[Page]:
    if tail and not after:
        yield logs.last(build, tail)
    else:
        yield from logs.pages(build, after)


def chosen(runs: Sequence[Run], action: str = "") -> Run | None:
    """The build of an execution to be read: the one asked for, the one that failed, or the last to begin."""
    builds = [each for each in history.latest(runs) if each.provider == CODEBUILD]
    if action:
        return next((each for each in builds if each.action.lower() == action.lower()), None)
    return history.failure(builds) or max(builds, key=lambda each: each.started, default=None)


def _execution(pipelines: Pipelines, known: Definition, wanted: str) -> Execution:
    """The latest, or the one whose id is ``wanted`` or begins so."""
    deployable = known.name.removeprefix(PREFIX)
    seen = []
    for each in pipelines.executions(known.name):
        if each.execution_id.startswith(wanted):
            return each
        seen.append(each.short)
    if not seen:
        raise DeliveryError(f"no execution of {deployable} has begun yet")
    raise DeliveryError(f"{wanted} is no execution of {deployable}; the latest are: {', '.join(seen[:10])}")


def _begun(
    pipelines: Pipelines, known: Definition, execution: Execution, options: argparse.Namespace, beside: Screen
) -> Run:
    """The run of the build to be read; with ``--follow`` it is waited for while the execution goes on."""
    told = False
    while True:
        runs = list(pipelines.runs(known.name, execution.execution_id))
        found = chosen(runs, options.action)
        if found is not None and found.external_id:
            return found
        if found is not None and found.status != "InProgress":
            raise DeliveryError(f"{found.action} never came to a build: {found.reason or 'no reason given'}")
        _refuse_another(known, runs, options.action)
        if execution.ended or not options.follow:
            raise DeliveryError(_nothing(execution, runs, options))
        if not told:
            beside.say(f"waits for {options.action or 'a build'} to begin")
            told = True
        time.sleep(pause_s())
        execution = _execution(pipelines, known, execution.execution_id)


def _refuse_another(known: Definition, runs: Sequence[Run], action: str) -> None:
    """An action that is no build is never going to be one."""
    names = dict.fromkeys(each.name for each in known.actions if each.provider == CODEBUILD)
    names |= dict.fromkeys(each.action for each in runs if each.provider == CODEBUILD)
    if action and action.lower() not in {each.lower() for each in names}:
        raise DeliveryError(f"{action} is no build of {known.name}; there are: {', '.join(names) or 'none'}")


def _nothing(execution: Execution, runs: Sequence[Run], options: argparse.Namespace) -> str:
    ran = ", ".join(each.action for each in history.latest(runs)) or "nothing yet"
    what = f"execution {execution.short} of {options.deployable} has not run {options.action or 'a build'}"
    if execution.ended:
        return f"{what}; it ran: {ran}"
    return (
        f"{what} yet, but: {ran}\n"
        f"Wait for it: python3 noxfile.py -s delivery -- log {options.deployable} --follow"
    )
