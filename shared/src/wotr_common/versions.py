"""Versions of items: whole numbers that grow with every change, through deletion and return.

A workout that was deleted and is written again must have a higher version than it ever had, although nothing
of it is left to count on from: whoever keeps score of versions (totals, views) would take it for an old
one. So a version is the time of its writing, in milliseconds since 2020.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_STEP = timedelta(milliseconds=1)


def first_version(now: datetime) -> int:
    """The version of an item that is written for the first time, as far as anybody knows, at `now`."""
    return max((now - _BEGINNING) // _STEP, 1)


def next_version(version: int, now: datetime) -> int:
    """The version that follows `version` in a change at `now`, whatever the writers' clocks say."""
    return max(version + 1, first_version(now))


def last_version(version: int) -> int:
    """The version under which the deletion of an item at `version` is told."""
    return version + 1
