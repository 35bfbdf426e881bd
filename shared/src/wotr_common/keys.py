"""Every key of the platform's tables: the only place that knows how they are spelled.

`Workouts` (written by workers, read by api) and `Views` (written by analytics, read by api) share one
convention: `pk` says whose it is, `sk` what it is, in an order that a query can walk.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TypedDict
from zlib import crc32

from wotr_common.workout import time_text

PK = "pk"
SK = "sk"
TIME_INDEX = "GSI1"
TIME_INDEX_PK = "GSI1PK"
TIME_INDEX_SK = "GSI1SK"
TYPE_INDEX = "WorkoutTypeIndex"
TYPE_INDEX_PK = "typeShard"
TYPE_INDEX_SK = "startedAt"
TTL = "expiresAt"

_WORKOUT = "WORKOUT#"
_TOTAL = "TOTAL#"
_WORKOUT_ID = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z", re.ASCII)


class Key(TypedDict):
    """A whole primary key of either table."""

    pk: str
    sk: str


def user_pk(user_id: str) -> str:
    """The partition of everything that belongs to one user."""
    return f"USER#{user_id}"


def user_of(pk: str) -> str:
    """The user whose partition `pk` is; ValueError where it is nobody's."""
    prefix, _, user_id = pk.partition("#")
    if prefix != "USER" or not user_id:
        raise ValueError(f"{pk!r} is not a user's partition")
    return user_id


def workout_id(started_at: datetime) -> str:
    """A workout's id within its user: its start in basic format, `20221006T231920000Z`."""
    return re.sub(r"[-:.]", "", time_text(started_at))


def started_at(workout_id: str) -> datetime:
    """The start that `workout_id` names; ValueError where it is not an id."""
    match = _WORKOUT_ID.fullmatch(workout_id)
    if match is None:
        raise ValueError("a workout id looks like 20221006T231920000Z")
    year, month, day, hour, minute, second, milli = map(int, match.groups())
    return datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=UTC)


def workout_sk(at: datetime) -> str:
    """Sort key of the workout that started at `at`."""
    return _WORKOUT + time_text(at)


def workout_key(user_id: str, at: datetime) -> Key:
    """Key of the workout that `user_id` started at `at`."""
    return {"pk": user_pk(user_id), "sk": workout_sk(at)}


def is_workout(sk: str) -> bool:
    """Whether `sk` is a workout's sort key."""
    return sk.startswith(_WORKOUT)


def workout_range(start: datetime | None, end: datetime | None) -> tuple[str, str]:
    """Inclusive bounds of the sort keys of workouts with `start` <= startedAt < `end`.

    `end` itself is outside: a sort key carries nothing behind the time, so the bound ends just before it.
    """
    low = workout_sk(start) if start else _WORKOUT
    high = workout_sk(end)[:-1] if end else _WORKOUT + "~"  # without its Z, end sorts before itself
    return low, high


def import_key(user_id: str, import_id: str) -> Key:
    """Key of one import's state."""
    return {"pk": user_pk(user_id), "sk": f"IMPORT#{import_id}"}


def shard_of(user_id: str, shards: int) -> int:
    """The shard of a user's items in the indexes over everybody, stable for a given number of shards."""
    return crc32(user_id.encode()) % shards


def time_index_pk(at: datetime, shard: int) -> str:
    """Partition of the time index: one month, one shard."""
    return f"WORKOUTS#{time_text(at)[:7]}#{shard}"


def type_index_pk(workout_type: str, shard: int) -> str:
    """Partition of the type index: one type, one shard."""
    return f"{workout_type}#{shard}"


def total_key(user_id: str, kind: str = "ALL", subject: str = "") -> Key:
    """Key of one of a user's totals: kind ALL, TYPE (subject: the type) or WEEK (subject: 2026-W47)."""
    return {"pk": user_pk(user_id), "sk": f"{_TOTAL}{kind}" + (f"#{subject}" if subject else "")}


def total_prefix() -> str:
    """What the sort keys of all totals begin with."""
    return _TOTAL


def total_subject(sk: str) -> tuple[str, str]:
    """(kind, subject) of a total's sort key; ValueError where `sk` is not a total's."""
    if not sk.startswith(_TOTAL):
        raise ValueError(f"{sk!r} is not a total")
    kind, _, subject = sk.removeprefix(_TOTAL).partition("#")
    return kind, subject


def counted_key(user_id: str, workout_id: str) -> Key:
    """Key of the marker that says what a workout has contributed to the totals, and in which version."""
    return {"pk": user_pk(user_id), "sk": f"COUNTED#{workout_id}"}


def iso_week(at: datetime) -> str:
    """ISO 8601 week of `at` in UTC: `2026-W47`."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year:04d}-W{week:02d}"
