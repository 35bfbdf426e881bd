"""What athletes do in the suite: the same days and figures for whoever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wotr_common import keys
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout

FIRST = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def start(day: int) -> datetime:
    """When the workout of that day starts."""
    return FIRST + timedelta(days=day)


def workout(user: str, day: int, minutes: int = 30, version: int = 1) -> Workout:
    """The run of that day, as it is stored."""
    return Workout(
        user_id=user,
        workout_id=keys.workout_id(start(day)),
        started_at=start(day),
        created_at=start(day),
        type="run",
        duration_min=Decimal(minutes),
        distance_m=Decimal(5000),
        version=version,
    )


def session(user: str, day: int, version: int = 1) -> Session:
    """The completed gym session of that day, as it is stored."""
    return Session(
        user_id=user,
        session_id=keys.session_id(start(day), "1a2b3c4d5e"),
        date=start(day).date(),
        started_at=start(day),
        state="completed",
        created_at=start(day),
        title=f"Day {day}, version {version}",
        version=version,
        sets=(TrainingSet(exercise="Squat", weight_kg=Decimal(80), reps=5),),
    )
