"""The executions of a commit, or those under way, followed to their ends."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from delivery.asking import Asking
from delivery.build_logs import BuildLogs
from delivery.builds import Builds
from delivery.errors import DeliveryError
from delivery.follow import Wanted, follow
from delivery.history import Execution
from delivery.pipelines import PREFIX, Pipelines, pause_s
from delivery.screen import Screen
from delivery.summing_up import summary

_SETTLED_S = 2.0  # one push starts all its pipelines in one breath


def follow_commit(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Show, ask, sum up; 1 where an execution did not succeed."""
    names = options.deployables or pipelines.deployables()
    wanted = _begun(pipelines, names, options.commit, options.patience)
    if not wanted:
        if options.commit:
            screen.say(
                f"{options.commit[:7]} touches nothing that a pipeline deploys: none has started", "yellow"
            )
            return 0
        raise DeliveryError("nothing is under way; see: python3 noxfile.py -s delivery -- state")
    return _follow(pipelines, screen, wanted, options)


def start_by_hand(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    """Run pipelines for a commit whatever it touched, and follow them."""
    wanted = []
    for deployable in options.deployables:
        known = pipelines.definition(deployable)
        wanted.append((deployable, pipelines.start(known, options.commit)))
        screen.say(f"{deployable}: started")
    return _follow(pipelines, screen, wanted, options)


def _follow(
    pipelines: Pipelines, screen: Screen, wanted: Sequence[Wanted], options: argparse.Namespace
) -> int:
    asks = screen.console.is_terminal and not options.approve
    reason = (options.reason or "approved beforehand, by --approve") if options.approve else ""
    ended = follow(pipelines, screen, wanted, Asking(pipelines, screen, reason, asks))
    return summary(screen, ended, Builds(), BuildLogs())


def _begun(pipelines: Pipelines, deployables: Sequence[str], commit: str, patience_s: float) -> list[Wanted]:
    """The executions under way; with a commit, those of it as well, waited for until they begin."""
    if not commit:
        return _found(pipelines, deployables, lambda each: not each.ended)

    def of_commit(each: Execution) -> bool:
        return each.commit.startswith(commit) and each.trigger != "CreatePipeline"

    end = time.monotonic() + patience_s
    while not _found(pipelines, deployables, of_commit):
        if time.monotonic() > end:
            return []
        time.sleep(pause_s())
    time.sleep(_SETTLED_S)
    return _found(pipelines, deployables, lambda each: not each.ended or of_commit(each))


def _found(
    pipelines: Pipelines, deployables: Sequence[str], wanted: Callable[[Execution], bool]
) -> list[Wanted]:
    """Oldest first: an execution waits for those before it."""
    return [
        (deployable, execution.execution_id)
        for deployable in deployables
        for execution in reversed(list(pipelines.executions(PREFIX + deployable)))
        if wanted(execution)
    ]
