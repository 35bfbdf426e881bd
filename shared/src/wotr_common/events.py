"""The platform's events: versioned contracts for everybody who listens to the bus.

A consumer ignores fields it does not know. Removing or retyping a field needs a new version: the schemas in
`shared/contracts` hold every published one, and a test compares.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import ConfigDict, Field

from wotr_common.workout import Instant, Intensity, Number, Record, UserId, Workout, WorkoutType

SOURCE = "wotr.workers"
WORKOUT_ID_PATTERN = r"^[0-9]{8}T[0-9]{9}Z$"
_NAMESPACE = UUID("1f5f0f4e-6f0c-5d0e-9d3b-6a1f0f2f7a10")


class WorkoutData(Record):
    """What a workout event says about the workout."""

    model_config = ConfigDict(extra="ignore")

    workout_id: Annotated[str, Field(pattern=WORKOUT_ID_PATTERN)]
    version: Annotated[int, Field(ge=1, le=10**12)]
    type: WorkoutType
    started_at: Instant
    duration_min: Number
    calories_burned: Number | None = None
    distance_m: Number | None = None
    avg_heart_rate: Number | None = None
    rpe: Number | None = None
    intensity: Intensity
    source: Annotated[str, Field(description="api, csv, strava; more may come without a new version")]
    import_id: str | None = None


class WorkoutCreated(Record):
    """`workout.created`: a workout was stored for the first time."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    name: Literal["workout.created"] = "workout.created"
    id: UUID
    occurred_at: Instant
    correlation_id: str
    user_id: UserId
    data: WorkoutData

    def text(self) -> str:
        """The event's JSON, as it travels in an EventBridge entry's Detail."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


CONTRACTS: tuple[type[WorkoutCreated], ...] = (WorkoutCreated,)


def workout_created(workout: Workout, correlation_id: str) -> WorkoutCreated:
    """The event of `workout`; its id follows from workout and version, so that a replay says the same."""
    return WorkoutCreated(
        id=uuid5(_NAMESPACE, f"workout.created:{workout.user_id}:{workout.workout_id}:{workout.version}"),
        occurred_at=workout.created_at,
        correlation_id=correlation_id,
        user_id=workout.user_id,
        data=WorkoutData.model_validate(workout.model_dump(exclude={"notes", "photo_key"})),
    )
