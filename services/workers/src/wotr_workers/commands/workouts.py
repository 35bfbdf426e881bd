"""Commands on workouts: changed and deleted, each under the version that the caller saw."""

from __future__ import annotations

from wotr_common import keys
from wotr_common.changes import WorkoutChange
from wotr_common.items import workout_from_item
from wotr_common.messages import Command, Outcome
from wotr_common.problems import Problem
from wotr_common.workout import Workout
from wotr_workers import edits
from wotr_workers.commands import links
from wotr_workers.commands.decision import (
    Decision,
    Desk,
    asked_version,
    held_version,
    not_found,
    said,
)
from wotr_workers.store import Item, Put, Write
from wotr_workers.workouts import COMMAND_IDS

# What a session tells its workout: there it is changed.
_TOLD = {"type", "started_at", "duration_min", "calories_burned", "avg_heart_rate", "rpe", "notes"}


def change(desk: Desk, command: Command) -> Decision:
    """`workout.change`: 200 with the workout, which lies at another id where its start changed."""
    asked = said(WorkoutChange, command.arguments.get("change"))
    item, workout = _stored(desk, command)
    if command.command_id in item.get(COMMAND_IDS, ()):
        return _answer(workout)
    held_version(asked.version, workout.version, workout.answer())
    now, limits = desk.clock(), desk.limits()
    new = edits.changed(workout, asked, now)
    if new is workout:
        return _answer(workout)
    if any(getattr(new, name) != getattr(workout, name) for name in _TOLD) and _has_session(desk, workout):
        raise _of_a_session(workout, "change that instead")
    new = edits.judged(workout, new, limits, now)
    written = edits.workout_put(new, item, limits.shards, command.correlation_id, now)
    written[COMMAND_IDS] = [command.command_id]
    if new.workout_id == workout.workout_id:
        return _answer(new, Put(written, item))
    other = desk.stored(keys.workout_key(new.user_id, new.started_at))
    if other is not None:
        raise Problem(409, "another workout of yours starts at that moment", workoutId=other["workoutId"])
    return _answer(new, *links.moved(desk, item, written, command.correlation_id, now))


def delete(desk: Desk, command: Command) -> Decision:
    """`workout.delete`: 204; the apps' ids of the workout go with it. A session is not left without one."""
    version = asked_version(command)
    item, workout = _stored(desk, command)
    held_version(version, workout.version, workout.answer())
    if _has_session(desk, workout):
        raise _of_a_session(workout, "delete that, and its workout goes with it")
    linked = links.session_on(desk, item)
    if linked is not None:
        raise Problem(409, f"session {linked} is linked to this workout: delete that first", sessionId=linked)
    return Decision(Outcome(status=204), tuple(links.gone(desk, item, command.correlation_id, desk.clock())))


def _answer(workout: Workout, *writes: Write) -> Decision:
    return Decision(Outcome(status=200, body=workout.answer()), writes)


def _stored(desk: Desk, command: Command) -> tuple[Item, Workout]:
    try:
        started_at = keys.started_at(str(command.arguments.get("workoutId")))
    except ValueError:
        raise not_found("workout") from None
    item = desk.stored(keys.workout_key(command.user_id, started_at))
    if item is None:
        raise not_found("workout")
    return item, workout_from_item(item)


def _has_session(desk: Desk, workout: Workout) -> bool:
    """Whether the session that the workout consists of is still there."""
    if workout.session_id is None:
        return False
    return desk.stored(keys.session_key(workout.user_id, workout.session_id)) is not None


def _of_a_session(workout: Workout, advice: str) -> Problem:
    return Problem(
        409, f"it is the workout of session {workout.session_id}: {advice}", sessionId=workout.session_id
    )
