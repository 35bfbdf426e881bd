"""The command ``rollback``: shows what it would do, asks, does it, and follows it to its end."""

from __future__ import annotations

import argparse

from delivery import rollback, showing
from delivery.asking import Asking
from delivery.build_logs import BuildLogs
from delivery.builds import Builds
from delivery.definition import Definition
from delivery.errors import DeliveryError
from delivery.follow import follow
from delivery.pipelines import PREFIX, Pipelines
from delivery.releases import Release, current
from delivery.screen import Screen
from delivery.summing_up import summary


def go_back(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Bring the target's version back to prod; 0 where prod runs it then."""
    known = pipelines.definition(options.deployable)
    found = showing.known_releases(pipelines, known)
    target = rollback.target(found, options.to)
    _refuse_while_something_waits(pipelines, known)
    _show(screen, options.deployable, current(found), target)
    if not options.reason.strip():
        raise DeliveryError("say why: --reason TEXT")
    if not options.yes and not _asked(screen):
        raise DeliveryError("not rolled back. In a script or a pipe, say --yes")
    if options.rebuild:
        execution = pipelines.start(known, target.execution.commit)
        return _followed(pipelines, screen, known, execution, options.reason)
    for stage in known.to_roll_back():
        execution = pipelines.roll_back(known.name, stage, target.execution.execution_id)
        if _followed(pipelines, screen, known, execution, options.reason):
            return 1
    return 0


def _refuse_while_something_waits(pipelines: Pipelines, known: Definition) -> None:
    """A stage serves one execution at a time: what waits in it for a person would hold the rollback up."""
    for stage in pipelines.stages(known):
        if stage.name in known.to_roll_back() and any(action.waits for action in stage.actions):
            deployable = known.name.removeprefix(PREFIX)
            raise DeliveryError(
                f"an execution waits for its approval in {stage.name}; refuse it first: "
                f"python3 noxfile.py -s delivery -- reject {deployable} --reason TEXT"
            )


def _show(screen: Screen, deployable: str, now: Release | None, target: Release) -> None:
    if now is not None:
        screen.say(f"{deployable} in prod runs {now.execution.commit[:7]} {now.execution.subject}")
    back = target.execution
    screen.say(f"goes back to   {back.commit[:7]} {back.subject} (execution {back.short})", "bold")


def _asked(screen: Screen) -> bool:
    return screen.console.is_terminal and screen.console.input("Roll back? [y/n] ").strip().lower() == "y"


def _followed(pipelines: Pipelines, screen: Screen, known: Definition, execution: str, reason: str) -> int:
    """The approval is given with the reason of whoever rolls back: they are the person that it asks."""
    deployable = known.name.removeprefix(PREFIX)
    decide = Asking(pipelines, screen, reason=reason)
    ended = follow(pipelines, screen, [(deployable, execution)], decide)
    return summary(screen, ended, Builds(), BuildLogs())
