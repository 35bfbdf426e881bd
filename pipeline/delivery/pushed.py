"""The executions of a commit, or those under way, followed to their ends."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from delivery.asking import Asking
from delivery.errors import DeliveryError
from delivery.follow import HEAD, Followed, follow, rows_of
from delivery.history import Execution
from delivery.pipelines import PREFIX, Pipelines, pause_s
from delivery.screen import Screen, duration

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
    asks = screen.console.is_terminal and not options.approve
    reason = (options.reason or "approved beforehand, by --approve") if options.approve else ""
    ended = follow(pipelines, screen, wanted, Asking(pipelines, screen, reason=reason, asks=asks))
    return summary(screen, ended)


def summary(screen: Screen, ended: Sequence[Followed]) -> int:
    """How each execution went, and where the time was spent."""
    screen.say("")
    screen.table(HEAD, [row for each in ended for row in rows_of(each)])
    for each in ended:
        seconds = sum(stage.seconds - stage.waited for stage in each.stages)
        waited = sum(stage.waited for stage in each.stages)
        said = f"{each.deployable}: {each.execution.status} in {duration(seconds)}"
        screen.say(
            said + (f", and {duration(waited)} waiting for a person" if waited >= 1 else ""),
            "green" if each.good else "bold red",
        )
    bad = [each.deployable for each in ended if not each.good]
    one = bad[0] if bad else ended[0].deployable
    screen.next(f"python3 noxfile.py -s delivery -- {f'state {one}' if bad else 'figures'}")
    return 1 if bad else 0


def _begun(
    pipelines: Pipelines, deployables: Sequence[str], commit: str, patience_s: float
) -> dict[str, str]:
    """The executions to follow, by deployable; with a commit, waited for."""
    if not commit:
        return _found(pipelines, deployables, lambda each: not each.ended)

    def of_commit(each: Execution) -> bool:
        return each.commit.startswith(commit)

    end = time.monotonic() + patience_s
    while not (found := _found(pipelines, deployables, of_commit)):
        if time.monotonic() > end:
            return {}
        time.sleep(pause_s())
    time.sleep(_SETTLED_S)
    return _found(pipelines, deployables, of_commit) or found


def _found(
    pipelines: Pipelines, deployables: Sequence[str], wanted: Callable[[Execution], bool]
) -> dict[str, str]:
    found = {}
    for deployable in deployables:
        for execution in pipelines.executions(PREFIX + deployable):
            if wanted(execution):
                found[deployable] = execution.execution_id
                break
    return found
