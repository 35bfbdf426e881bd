"""Workouts and sessions as items of the table, for tests of records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from wotr_common import keys
from wotr_common.items import session_item, workout_item
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout

FIRST = datetime(2026, 1, 1, 7, tzinfo=UTC)
Item = dict[str, Any]


def at(day: float) -> datetime:
    """The morning of a day, counted from 0."""
    return FIRST + timedelta(days=day)


def workout(day: float, minutes: float | None = 30, user: str = "ada", **fields: Any) -> Item:
    """A workout's item; a run unless `fields` say another type."""
    said = {
        "type": "run",
        "started_at": at(day),
        "duration_min": minutes,
        "user_id": user,
        "workout_id": keys.workout_id(at(day)),
        "created_at": at(day),
        **fields,
    }
    return workout_item(Workout.model_validate(said), 1)


def a_set(exercise: str, weight: float | str | None, reps: int | None, **fields: Any) -> TrainingSet:
    """A set in kilograms."""
    kilograms = None if weight is None else Decimal(str(weight))
    return TrainingSet.model_validate(
        {"exercise": exercise, "weightKg": kilograms, "reps": reps, **fields}, by_alias=True, by_name=True
    )


def session(day: float, *sets: TrainingSet, user: str = "ada", **fields: Any) -> Item:
    """A completed session's item."""
    session_id = keys.session_id(at(day), f"{int(day * 1000):010d}")
    said = {
        "user_id": user,
        "session_id": session_id,
        "date": keys.session_date(session_id),
        "started_at": at(day),
        "state": "completed",
        "version": 1,
        "created_at": at(day),
        "workout_id": keys.workout_id(at(day)),
        "sets": sets,
        **fields,
    }
    return session_item(Session.model_validate(said))


def imported(item: Item, import_id: str = "i1") -> Item:
    """The item as an import made it."""
    return {**item, "importId": import_id}


def edited(item: Item, times: int = 1) -> Item:
    """The item as an athlete changed it, at another time for each number."""
    return {**item, "editedAt": f"2026-06-01T00:00:00.{times:03}Z"}
