"""Back to a version that prod ran before.

CodePipeline can run a stage again with what an earlier execution brought there (RollbackStage). An executed
change set is gone, so whatever prepares it must run again first; where preparation, approval and execution
are one stage, one call brings all of it back: by the pipeline's own roles, with the canary and the alarms
of any deployment, and without building anything. CodePipeline refuses that for executions from before the
pipeline's definition was changed; then the commit is built anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from delivery.errors import DeliveryError
from delivery.releases import Release, current


def able(found: Sequence[Release]) -> list[Release]:
    """The releases that prod can go back to, newest first: good ones, but the one that it runs."""
    now = current(found)
    return [
        each
        for each in found
        if each.good and not each.rolls_back and (now is None or _commit(each) != _commit(now))
    ]


def target(found: Sequence[Release], wanted: str = "") -> Release:
    """The release to go back to: ``wanted`` (an execution's id, or how it begins), or the last good one.

    Raises
    ------
    DeliveryError
        Where there is none, naming those there are.
    """
    possible, now = able(found), current(found)
    if wanted:
        named = [each for each in possible if each.execution.execution_id.startswith(wanted)]
        if len(named) != 1:
            known = ", ".join(each.execution.short for each in possible) or "none"
            raise DeliveryError(f"{wanted} is no execution to go back to; there are: {known}")
        return named[0]
    older = [each for each in possible if now is None or each.began < now.began]
    if not older:
        raise DeliveryError("prod has run no good version before this one, so there is nothing to go back to")
    return older[0]


def _commit(release: Release) -> str:
    return release.execution.commit or release.execution.execution_id
