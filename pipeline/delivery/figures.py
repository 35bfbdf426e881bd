"""DORA's figures of one deployable, reckoned from its pipeline's executions.

The four keys are those of the DORA research programme, as its guide "DORA's software delivery performance
metrics" (https://dora.dev/guides/dora-metrics/) and Forsgren, Humble and Kim, Accelerate (2018), chapter 2,
define them. Medians, since a single night's wait for an approval would rule a mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from delivery.releases import Release

ENOUGH = 3  # of fewer, a median or a share says nothing


@dataclass(frozen=True)
class Figures:
    """The four keys over ``days``; None where there are not enough executions for one.

    ``lead_time``: change lead time, from the commit until prod runs it.
    ``every``: deployment frequency, as the days for each good deployment.
    ``failure_rate``: change fail rate, the share of deployments that had to be taken back: by their canary,
    by a failed check behind them, or by hand.
    ``restore``: failed deployment recovery time, from the start of a failed deployment until prod was good.
    """

    days: int
    deployments: int
    failed: int
    lead_time: timedelta | None
    every: timedelta | None
    failure_rate: float | None
    restore: timedelta | None


def reckon(found: Sequence[Release], days: int, now: datetime) -> Figures:
    """The figures of the last ``days`` days, from all releases, newest first.

    A rollback carries no change of its own: it is no deployment, but says that the one before it failed.
    """
    oldest_first = found[::-1]
    undone = {
        before.execution.execution_id
        for before, after in pairwise(oldest_first)
        if after.rolls_back and after.arrived and not before.rolls_back
    }
    changes = [each for each in found if each.began >= now - timedelta(days=days) and not each.rolls_back]
    failed = [each for each in changes if not each.good or each.execution.execution_id in undone]
    good = len(changes) - len(failed)
    leads = [each.ended - each.committed for each in changes if each.arrived and each.committed]
    restored = [time for each in failed if (time := _restored(each, oldest_first)) is not None]
    return Figures(
        days,
        good,
        len(failed),
        _median(leads, ENOUGH),
        timedelta(days=days) / good if good >= ENOUGH else None,
        len(failed) / len(changes) if len(changes) >= ENOUGH else None,
        _median(restored, 1),
    )


def _restored(failed: Release, oldest_first: Sequence[Release]) -> timedelta | None:
    """None while prod is still not good.

    What did not arrive took itself back: CloudFormation reports its end when all is as before. Anything
    else is over with the next release that is good.
    """
    if not failed.arrived:
        return failed.ended - failed.began
    over = (each.ended for each in oldest_first if each.began > failed.began and each.good)
    return next((moment - failed.began for moment in over), None)


def _median(values: Sequence[timedelta], enough: int) -> timedelta | None:
    if len(values) < enough:
        return None
    return timedelta(seconds=median(each.total_seconds() for each in values))
