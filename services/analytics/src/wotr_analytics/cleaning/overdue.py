"""When a stored object is overdue. Plain functions, no AWS.

A bucket's own lifecycle hides what has expired and later removes what was hidden. It works once a day and
may lag, so all of it gets a day of grace here: on AWS there is nothing left to do while lifecycles work,
and a count that is not zero says that one of them does not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a bucket's lifecycle says: days until an object expires, and until what is hidden is removed.

    `hides`: whether what expired stays restorable for that time, as athletes' files do; logs go at once.
    """

    kept: timedelta
    restorable: timedelta
    hides: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or one delete marker, as S3 lists it."""

    key: str
    version_id: str
    written: datetime
    latest: bool
    marker: bool = False
    etag: str = ""


class Act(Enum):
    """What is to be done with a version: hide its object, or remove it for good."""

    HIDE = "hide"
    REMOVE = "remove"


def overdue(versions: Iterable[Version], rule: Rule, now: datetime) -> Iterator[tuple[Act, Version]]:
    """What is overdue among all versions of one key, in whatever order."""
    known = list(versions)
    moments = sorted({version.written for version in known})
    for version in known:
        if version.latest:
            act = _act_on_latest(version, rule, now - GRACE, alone=len(known) == 1)
        else:
            # S3 tells seconds: the versions of one second have no order, and all stay as long as the last.
            hidden = moments[bisect_right(moments, version.written) :]
            since = hidden[0] if hidden else version.written
            act = Act.REMOVE if since + rule.restorable <= now - GRACE else None
        if act:
            yield act, version


def _act_on_latest(version: Version, rule: Rule, now: datetime, *, alone: bool) -> Act | None:
    if version.marker:  # hides something, until there is nothing left to hide
        return Act.REMOVE if alone and version.written <= now else None
    if rule.hides:
        return Act.HIDE if version.written + rule.kept <= now else None
    return Act.REMOVE if version.written + rule.kept + rule.restorable <= now else None
