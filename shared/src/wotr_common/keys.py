"""Every key of the platform's tables: the only place that knows how they are spelled.

`Workouts` (written by workers, read by api) and `Views` (written by analytics, read by api) share one
convention: `pk` says whose it is, `sk` what it is, in an order that a query can walk.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
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
_SESSION = "SESSION#"
_IMPORT = "IMPORT#"
_RECORD = "PR#"
_RECORD_LOG = "PR_LOG#"
_BEFORE = "BEFORE#"
_SET_ASIDE = "ASIDE#"
_SOURCE = "SOURCE#"
_TOTAL = "TOTAL#"
_COUNTED = "COUNTED#"
_SESSION_LOAD = "SESSION_LOAD#"
_SEEN_SESSION = "SEEN_SESSION#"
_SESSION_ID = re.compile(r"((\d{8})T\d{6})-[0-9a-z]{1,32}", re.ASCII)
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


def owner_of(pk: str) -> str:
    """The user whose partition, or whose import's partition, `pk` is; ValueError where it is nobody's."""
    kind, _, rest = pk.partition("#")
    user_id = rest.partition("#")[0] if kind == "IMPORT" else rest
    if kind not in ("USER", "IMPORT") or not user_id:
        raise ValueError(f"{pk!r} is not the partition of a user or of an import")
    return user_id


def workout_id(started_at: datetime) -> str:
    """A workout's id within its user: its start in basic format, `20221006T231920000Z`."""
    return time_text(started_at).replace("-", "").replace(":", "").replace(".", "")


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


def session_id(local: datetime, suffix: str) -> str:
    """A session's id within its user: the start on the athlete's own clock, `20260301T173000-SUFFIX`.

    The clock's time, not UTC: a history that is read again with another time zone meets its sessions.
    """
    return f"{local.year:04d}{local:%m%dT%H%M%S}-{suffix}"


def session_date(session_id: str) -> date:
    """The date in `session_id`; ValueError where it is not an id."""
    match = _SESSION_ID.fullmatch(session_id)
    if match is None:
        raise ValueError("a session id looks like 20260301T173000-1a2b3c4d5e")
    return datetime.strptime(match[2], "%Y%m%d").date()  # noqa: DTZ007 - a date on the athlete's own clock


def session_start(session_id: str) -> datetime:
    """The start in `session_id`, on the athlete's own clock and so without a zone; ValueError as above."""
    match = _SESSION_ID.fullmatch(session_id)
    if match is None:
        raise ValueError("a session id looks like 20260301T173000-1a2b3c4d5e")
    return datetime.strptime(match[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - as above


def session_key(user_id: str, session_id: str) -> Key:
    """Key of a session; ValueError where `session_id` is not an id."""
    return {"pk": user_pk(user_id), "sk": f"{_SESSION}{session_date(session_id)}#{session_id}"}


def is_session(sk: str) -> bool:
    """Whether `sk` is a session's sort key."""
    return sk.startswith(_SESSION)


def session_range(start: date | None, end: date | None) -> tuple[str, str]:
    """Inclusive bounds of the sort keys of sessions with `start` <= date <= `end`."""
    low = f"{_SESSION}{start}" if start else _SESSION
    high = f"{_SESSION}{end}#~" if end else _SESSION + "~"
    return low, high


def import_key(user_id: str, import_id: str) -> Key:
    """Key of one import's state."""
    return {"pk": user_pk(user_id), "sk": f"{_IMPORT}{import_id}"}


def import_prefix() -> str:
    """What the sort keys of a user's imports begin with."""
    return _IMPORT


def is_import(sk: str) -> bool:
    """Whether `sk` is that of an import's state."""
    return sk.startswith(_IMPORT)


def import_pk(user_id: str, import_id: str) -> str:
    """The partition of what one import keeps beside its state: rows set aside, items as they were before."""
    return f"IMPORT#{user_id}#{import_id}"


def set_aside_sk(line: int) -> str:
    """Sort key, in an import's partition, of the row that began in `line` and was set aside."""
    return f"{_SET_ASIDE}{line:09d}"


def set_aside_prefix() -> str:
    """What the sort keys of rows set aside begin with."""
    return _SET_ASIDE


def before_sk(sk: str) -> str:
    """Sort key, in an import's partition, of the user's item `sk` as it was before the import changed it."""
    return _BEFORE + sk


def before_prefix() -> str:
    """What the sort keys of items as they were before begin with."""
    return _BEFORE


def changed_sk(before_sk: str) -> str:
    """The sort key of the item that `before_sk` kept; ValueError where it is not such a key."""
    if not before_sk.startswith(_BEFORE):
        raise ValueError(f"{before_sk!r} keeps no item")
    return before_sk.removeprefix(_BEFORE)


def lease_key(user_id: str) -> Key:
    """Key of the lease that lets one import of a user run at a time."""
    return {"pk": user_pk(user_id), "sk": "IMPORT_LEASE"}


def session_load_key(user_id: str, session_id: str) -> Key:
    """Key of what the session workflow made of a session: the load of its sets and of the whole."""
    return {"pk": user_pk(user_id), "sk": _SESSION_LOAD + session_id}


def source_key(user_id: str, source: str, source_id: str) -> Key:
    """Key of what says which workout an app's own id means."""
    return {"pk": user_pk(user_id), "sk": f"{_SOURCE}{source}#{source_id}"}


def is_source(sk: str) -> bool:
    """Whether `sk` is that of an app's own id."""
    return sk.startswith(_SOURCE)


def record_key(user_id: str, kind: str, subject: str) -> Key:
    """Key of a personal record: one item for each kind and subject."""
    return {"pk": user_pk(user_id), "sk": f"{_RECORD}{kind}#{subject}"}


def record_prefix(kind: str = "") -> str:
    """What the sort keys of records, or of those of one kind, begin with."""
    return f"{_RECORD}{kind}#" if kind else _RECORD


def is_record(sk: str) -> bool:
    """Whether `sk` is a record's sort key."""
    return sk.startswith(_RECORD)


def record_log_key(user_id: str, at: datetime, kind: str, subject: str) -> Key:
    """Key of the note that a record of a workout that started `at` was told of."""
    return {"pk": user_pk(user_id), "sk": f"{_RECORD_LOG}{time_text(at)}#{kind}#{subject}"}


def is_record_log(sk: str) -> bool:
    """Whether `sk` is that of the note that a record was told of."""
    return sk.startswith(_RECORD_LOG)


def profile_key(user_id: str) -> Key:
    """Key of what the athlete says of themselves."""
    return {"pk": user_pk(user_id), "sk": "PROFILE"}


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
    return {"pk": user_pk(user_id), "sk": _COUNTED + workout_id}


def recent_sessions_key(user_id: str) -> Key:
    """Key of the view of a user's newest sessions."""
    return {"pk": user_pk(user_id), "sk": "RECENT_SESSIONS"}


def seen_session_key(user_id: str, session_id: str) -> Key:
    """Key of the marker that says in which version the view of newest sessions knows a session.

    Session ids are in the order of the athlete's clock, so the markers are too.
    """
    return {"pk": user_pk(user_id), "sk": _SEEN_SESSION + session_id}


def seen_session_prefix() -> str:
    """What the sort keys of those markers begin with."""
    return _SEEN_SESSION


def counted_prefix() -> str:
    """What the sort keys of markers of counted workouts begin with."""
    return _COUNTED


def iso_week(at: datetime) -> str:
    """ISO 8601 week of `at` in UTC: `2026-W47`."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year:04d}-W{week:02d}"
