"""A plain workout and the limits it keeps, to be varied by tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from wotr_common.limits import Limits
from wotr_common.workout import Workout, WorkoutFields

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = Limits(frozenset({"run", "ride", "strength"}), Decimal("0.1"), Decimal(43_200), 1)
SAID: dict[str, Any] = {"type": "run", "startedAt": "2026-11-16T06:30:00Z", "durationMin": 30}


def fields(**said: Any) -> WorkoutFields:
    """What an athlete says, with `said` (camelCase) changed or added."""
    return WorkoutFields.model_validate({**SAID, **said})


def workout(**said: Any) -> Workout:
    """A stored workout, with `said` (camelCase) changed or added."""
    stored = {"userId": "ana", "workoutId": "20261116T063000000Z", "createdAt": NOW}
    return Workout.model_validate({**SAID, **stored, **said})
