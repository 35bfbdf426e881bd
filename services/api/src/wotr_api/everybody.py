"""Workouts of everybody in time order, page by page.

The index keeps each month, or each type, in one partition per shard: a page is a merge of as many queries as
there are shards, month after month.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from wotr_api.store import BY_TIME, BY_TYPE, Index
from wotr_common import keys
from wotr_common.problems import FieldError, invalid
from wotr_common.workout import Workout, canonical_time, time_text

LONGEST = timedelta(days=366)
USUAL = timedelta(days=31)
AHEAD = timedelta(days=1)  # where it is already tomorrow, a workout may have tomorrow's date
MOST_QUERIES = 100
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """Starts from `start` up to but not including `end`, of one type where `type` is set."""

    start: datetime
    end: datetime
    type: str | None = None


@dataclass(frozen=True)
class Position:
    """Where a page ended: at `at`, in each shard with workouts at that instant after the user in `after`."""

    at: datetime
    after: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """A stretch of time whose workouts share their partitions, one for each shard."""

    index: Index
    start: datetime
    end: datetime
    type: str | None = None

    def pk(self, shard: int) -> str:
        """The partition of one shard."""
        return keys.type_index_pk(self.type, shard) if self.type else keys.time_index_pk(self.start, shard)


class Partitions(Protocol):
    """How partitions are read: see `store.Workouts.partition`."""

    def partition(
        self, index: Index, pk: str, start: datetime, end: datetime, *, after: str | None, limit: int
    ) -> list[Workout]:
        """Workouts of one partition, oldest first."""


def window(start: datetime | None, end: datetime | None, workout_type: str | None, now: datetime) -> Window:
    """The window that was asked for; by default the last 31 days.

    Problem 422 where it is longer than 366 days: without a type, each month is a query for each shard.
    """
    end = end or _moved(canonical_time(max(now, start or now)), AHEAD)
    start = start or _moved(end, -USUAL)
    if workout_type is None and end - start > LONGEST:
        raise invalid(
            [FieldError("from", f"may be at most {LONGEST.days} days before to, unless type is given")]
        )
    return Window(start, end, workout_type)


def page(
    partitions: Partitions, asked: Window, position: Position | None, shards: int, limit: int
) -> tuple[list[Workout], Position | None]:
    """At most `limit` workouts of the window, oldest first, and where the next page begins (None: nowhere).

    A page may be short, even empty, and still be followed by another: after a hundred queries it is answered.
    """
    position = position or Position(asked.start)
    found: list[tuple[Workout, int]] = []
    queries = 0
    for period in periods(asked):
        if period.end <= position.at:
            continue
        if queries + shards > MOST_QUERIES and queries:
            return [each for each, _ in found], Position(period.start)
        queries += shards
        for entry in _merged(partitions, period, position, shards, limit - len(found) + 1):
            if len(found) == limit:
                return [each for each, _ in found], _position(found, position)
            found.append(entry)
    return [each for each, _ in found], None


def periods(asked: Window) -> Iterator[Period]:
    """The window in pieces that share their partitions: whole for a type, months otherwise."""
    if asked.type is not None:
        yield Period(BY_TYPE, asked.start, asked.end, asked.type)
        return
    start = asked.start
    while start < asked.end:
        end = min(_next_month(start), asked.end)
        yield Period(BY_TIME, start, end)
        start = end


def position_text(position: Position) -> dict[str, Any]:
    """The position as JSON, for a token."""
    return {
        "at": time_text(position.at),
        "after": {str(shard): user for shard, user in position.after.items()},
    }


def position_of(said: Mapping[str, Any]) -> Position:
    """The position in a token that this API has signed."""
    return Position(
        datetime.fromisoformat(said["at"]), {int(shard): user for shard, user in said["after"].items()}
    )


def _merged(
    partitions: Partitions, period: Period, position: Position, shards: int, limit: int
) -> Iterator[tuple[Workout, int]]:
    start = max(period.start, position.at)
    after = position.after if start == position.at else {}
    return heapq.merge(
        *(
            [
                (workout, shard)
                for workout in partitions.partition(
                    period.index, period.pk(shard), start, period.end, after=after.get(shard), limit=limit
                )
            ]
            for shard in range(shards)
        ),
        key=lambda entry: (entry[0].started_at, entry[1]),
    )


def _position(found: list[tuple[Workout, int]], before: Position) -> Position:
    at = found[-1][0].started_at
    after = dict(before.after) if before.at == at else {}
    after |= {shard: workout.user_id for workout, shard in found if workout.started_at == at}
    return Position(at, after)


def _next_month(at: datetime) -> datetime:
    try:
        return datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    except ValueError:  # behind December 9999
        return _LAST


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:  # the calendar ends there
        return _LAST if by > timedelta(0) else _FIRST
