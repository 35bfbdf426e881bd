"""What one service asks of another through a queue."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from wotr_common.workout import Instant, Record, UserId, WorkoutFields


class AcceptedWorkout(Record):
    """api -> workers: a workout that was accepted and is to be written. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    user_id: UserId
    accepted_at: Instant
    correlation_id: str
    warnings: tuple[str, ...] = ()
    workout: WorkoutFields

    def text(self) -> str:
        """The message's body."""
        return self.model_dump_json(by_alias=True, exclude_none=True)
