"""Accepting a workout: judged under the limits in force, then handed to the queue. Accepted means durable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.messages import AcceptedWorkout
from wotr_common.plausibility import judge
from wotr_common.problems import invalid
from wotr_common.workout import Record, UserId, WorkoutFields


class MachineWorkout(WorkoutFields):
    """A workout that a machine sends for somebody."""

    user_id: UserId

    def fields(self) -> WorkoutFields:
        """The workout without whose it is."""
        return WorkoutFields.model_construct(
            **{name: getattr(self, name) for name in WorkoutFields.model_fields}
        )


class Accepted(Record):
    """The workout is in the queue; it can be read under its id as soon as it is written."""

    workout_id: str
    user_id: UserId
    status: Literal["accepted"] = "accepted"


class Queue(Protocol):
    """Where accepted workouts go."""

    def send(self, message: AcceptedWorkout) -> None:
        """Return once the message is durable, raise otherwise."""


@dataclass(frozen=True)
class Acceptor:
    """Accepts workouts. `limits` raises LimitsError and `queue` raises where they cannot do their part."""

    limits: Callable[[], Limits]
    queue: Queue
    now: Callable[[], datetime]

    def accept(self, user_id: str, workout: WorkoutFields, correlation_id: str) -> Accepted:
        """Judge `workout` and queue it; Problem 422 where it is not plausible."""
        now = self.now()
        verdict = judge(workout, self.limits(), now)
        if verdict.refusals:
            raise invalid(verdict.refusals)
        self.queue.send(
            AcceptedWorkout(
                user_id=user_id,
                accepted_at=now,
                correlation_id=correlation_id,
                warnings=verdict.warnings,
                workout=workout,
            )
        )
        return Accepted(workout_id=keys.workout_id(workout.started_at), user_id=user_id)
