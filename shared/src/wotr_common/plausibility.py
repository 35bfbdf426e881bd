"""What a workout may say, beyond the type of each field.

A refusal is wrong beyond doubt (an API answers 422, an import sets the row aside); a warning is stored with
the workout and keeps it out of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from wotr_common.limits import Limits
from wotr_common.problems import FieldError
from wotr_common.session import TrainingSet

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=24)
FASTEST_RUN_KMH = Decimal(45)
STRENGTH = "strength"
MOST_KCAL_PER_MIN = Decimal(30)
_ODD_KCAL_PER_MIN = Decimal(20)
_LOW_BPM, _HIGH_BPM = Decimal(40), Decimal(210)
_NONE = Decimal(0)


class Said(Protocol):
    """What is judged of a workout: of WorkoutFields, Workout, or whatever says the same."""

    @property
    def type(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def duration_min(self) -> Decimal | None: ...
    @property
    def calories_burned(self) -> Decimal | None: ...
    @property
    def distance_m(self) -> Decimal | None: ...
    @property
    def avg_heart_rate(self) -> Decimal | None: ...
    @property
    def rpe(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong beyond doubt, and what only looks odd."""

    refusals: tuple[FieldError, ...]
    warnings: tuple[str, ...]


_FINE = Verdict((), ())


def judge(workout: Said, limits: Limits, now: datetime) -> Verdict:
    """The verdict on one workout under the `limits` in force at `now`.

    Where nobody knows how long it took, nothing that follows from its duration is judged.
    """
    refusals = []
    if workout.type not in limits.supported_types:
        refusals.append(_unsupported(workout.type, limits))
    minutes = workout.duration_min
    if minutes is not None and not limits.duration_min <= minutes <= limits.duration_max:
        bounds = f"between {limits.duration_min} and {limits.duration_max} minutes"
        refusals.append(FieldError("/durationMin", f"must be {bounds}"))
    if workout.started_at < EARLIEST:
        refusals.append(FieldError("/startedAt", "must not be before 2000-01-01"))
    kcal_per_min = _per_minute(workout.calories_burned or _NONE, workout)
    if kcal_per_min > MOST_KCAL_PER_MIN:
        refusals.append(
            FieldError("/caloriesBurned", f"{kcal_per_min:.0f} kcal a minute is not possible; at most 30")
        )
    speed = _kmh(workout) if workout.type == "run" else _NONE
    if speed > FASTEST_RUN_KMH:
        refusals.append(FieldError("/distanceM", f"a run at {speed:.0f} km/h is not possible; at most 45"))
    warnings = _warnings(workout, now, speed, kcal_per_min)
    return Verdict(tuple(refusals), tuple(warnings)) if refusals or warnings else _FINE


def _unsupported(workout_type: str, limits: Limits) -> FieldError:
    known = ", ".join(sorted(limits.supported_types))
    return FieldError("/type", f"{workout_type!r} is not supported; supported are: {known}")


def _kmh(workout: Said) -> Decimal:
    return _per_minute((workout.distance_m or _NONE) / 1000 * 60, workout)


def _per_minute(amount: Decimal, workout: Said) -> Decimal:
    return amount / workout.duration_min if amount and workout.duration_min else _NONE


def _warnings(workout: Said, now: datetime, speed: Decimal, kcal_per_min: Decimal) -> list[str]:
    found: list[str] = []
    strength = workout.type == STRENGTH
    if strength:
        found += strength_duration_warnings(workout.duration_min)
    elif workout.duration_min is not None and workout.duration_min > 24 * 60:
        found.append("durationMin: longer than a day")
    if workout.started_at > now and workout.started_at - now > AHEAD:
        found.append("startedAt: more than a day ahead")
    distance = workout.distance_m or _NONE
    if (workout.type == "run" and distance > 100_000) or (workout.type == "ride" and distance > 400_000):
        found.append(f"distanceM: unusually far for a {workout.type}")
    if speed > 22:
        found.append("distanceM: unusually fast for a run")
    if workout.avg_heart_rate is not None and not _LOW_BPM <= workout.avg_heart_rate <= _HIGH_BPM:
        found.append("avgHeartRate: unusual")
    if kcal_per_min > _ODD_KCAL_PER_MIN:
        found.append("caloriesBurned: more than 20 kcal a minute")
    if workout.rpe is not None and workout.rpe < 5 and strength:
        found.append("rpe: unusually low for a strength session")
    return found


def set_warnings(training_set: TrainingSet) -> tuple[str, ...]:
    """What looks odd about a set. What cannot be at all, its fields' own bounds refuse."""
    found = []
    if training_set.weight_kg is not None and training_set.weight_kg > 350:
        found.append("weightKg: more than 350 kg")
    if training_set.reps is not None and training_set.reps > 100:
        found.append("reps: more than 100")
    if training_set.rpe is not None and training_set.rpe < 5:
        found.append("rpe: unusually low")
    return tuple(found)


def strength_duration_warnings(minutes: Decimal | None) -> tuple[str, ...]:
    """What looks odd about how long a strength session took; timers are left running."""
    if minutes is None or 1 <= minutes <= 4 * 60:
        return ()
    return ("durationMin: unusual for a strength session",)
