"""Personal records as they are answered, and the one that depends on today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field

from wotr_common.workout import Instant, Number, Record, Workout

WINDOW = timedelta(days=30)
LOOKED_AT = 2 * WINDOW  # the oldest workout that may stand is 30 days old, and 30 more days were before it


class RecordPoint(Record):
    """A value that was better than all before it."""

    model_config = ConfigDict(extra="ignore")

    started_at: Instant
    value: Number
    workout_id: str | None = None
    session_id: str | None = None
    import_id: str | None = None


class PersonalRecord(Record):
    """The best value of one kind and subject, with all that were the best before it, oldest first.

    The first value of all is a baseline: where nothing was better since, it is the best, but no record.
    """

    model_config = ConfigDict(extra="ignore")

    kind: str = Field(description="such as heaviest_weight; more may come")
    subject: str = Field(description="of which exercise, type, distance; with the kind it names the record")
    label: str = Field("", description="the subject for a reader")
    unit: str = ""
    value: Number
    started_at: Instant
    workout_id: str | None = None
    session_id: str | None = None
    baseline: bool = Field(False, description="no record yet: the first value of its kind and subject")
    history: tuple[RecordPoint, ...] = ()
    version: int


class LongestLately(Record):
    """The last workout that was longer than all others of the 30 days before it."""

    workout_id: str
    session_id: str | None = None
    started_at: Instant
    duration_min: Number = Field(description="minutes")
    before_min: Number = Field(description="minutes of the longest one in the 30 days before it")


class PersonalRecords(Record):
    """Personal records by kind and subject, and `nextToken` where there are more."""

    records: tuple[PersonalRecord, ...]
    longest_30_days: LongestLately | None = Field(
        None, alias="longest30Days", description="of the last 30 days; on the first page"
    )
    next_token: str | None = None


def view(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer for the record in `item`; None where no workout is left that it could be of."""
    if "value" not in item:
        return None
    record = PersonalRecord.model_validate({**item, "baseline": len(item.get("history", ())) == 1})
    return record.model_dump(mode="json", by_alias=True, exclude_none=True)


def longest_lately(workouts: Iterable[Workout], now: datetime) -> LongestLately | None:
    """The last workout of the 30 days before `now` that was longer than all others of the 30 days before it.

    Where there was no other, there is nothing that it was longer than. Workouts that look odd or whose
    duration nobody knows do not count. `workouts` are those of the last 60 days, in any order.
    """
    counted = [
        (each.started_at, each.duration_min, each)
        for each in sorted(workouts, key=lambda each: each.started_at, reverse=True)
        if each.duration_min is not None and not each.warnings
    ]
    for place, (at, minutes, workout) in enumerate(counted):
        if at < now - WINDOW:
            break
        before = [other for earlier, other, _ in counted[place + 1 :] if earlier >= at - WINDOW]
        if before and minutes > max(before):
            return _shown(workout, minutes, max(before))
    return None


def _shown(workout: Workout, minutes: Decimal, before: Decimal) -> LongestLately:
    return LongestLately(
        workout_id=workout.workout_id,
        session_id=workout.session_id,
        started_at=workout.started_at,
        duration_min=minutes,
        before_min=before,
    )
