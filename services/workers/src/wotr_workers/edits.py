"""Changes of what is stored: judged again, with the attributes beside them kept. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from wotr_common import keys
from wotr_common.changes import WorkoutChange
from wotr_common.items import session_item, workout_item
from wotr_common.limits import Limits
from wotr_common.plausibility import judge
from wotr_common.problems import invalid
from wotr_common.session import Session, head_hash
from wotr_common.versions import next_version
from wotr_common.workout import Workout, time_text
from wotr_workers.store import Item
from wotr_workers.workouts import CONTENT_HASH, CORRELATION_ID, EDITED_AT

_KEYS = {keys.PK, keys.SK, keys.TIME_INDEX_PK, keys.TIME_INDEX_SK, keys.TYPE_INDEX_PK, CONTENT_HASH}
_WORKOUT = _KEYS | {to_camel(name) for name in Workout.model_fields}
_SESSION = _KEYS | {to_camel(name) for name in Session.model_fields}


def changed(workout: Workout, change: WorkoutChange, now: datetime) -> Workout:
    """`workout` with what the `change` says, at its next version; `workout` itself where that is nothing new.

    Another start gives it another id.
    """
    new = workout.model_copy(update=change.said())
    if new == workout:
        return workout
    return new.model_copy(
        update={
            "workout_id": keys.workout_id(new.started_at),
            "version": next_version(workout.version, now),
        }
    )


def retold(workout: Workout, told: Mapping[str, Any], limits: Limits, now: datetime) -> Workout:
    """`workout` with what its session tells, judged, at its next version; itself where nothing is new."""
    new = workout.model_copy(update=told)
    if new == workout:
        return workout
    new = new.model_copy(update={"version": next_version(workout.version, now)})
    return judged(workout, new, limits, now)


def admitted(new: Workout, limits: Limits, now: datetime) -> tuple[str, ...]:
    """The warnings of a `new` workout; Problem 422 where it is not plausible."""
    verdict = judge(new, limits, now)
    if verdict.refusals:
        raise invalid(verdict.refusals)
    return verdict.warnings


def judged(old: Workout, new: Workout, limits: Limits, now: datetime) -> Workout:
    """`new` with its warnings; Problem 422 where the change from `old` makes it implausible.

    What was refused of `old` already is not the change's fault: an import may know more than the limits, and
    limits change.
    """
    before = judge(old, limits, old.created_at)
    after = judge(new, limits, now)
    refusals = [each for each in after.refusals if each not in before.refusals]
    if refusals:
        raise invalid(refusals)
    named = {to_camel(name) for name in Workout.model_fields if getattr(new, name) != getattr(old, name)}
    return new.model_copy(
        update={"warnings": _rewarned(old.warnings, before.warnings, after.warnings, named)}
    )


def _rewarned(
    stored: Iterable[str], before: Iterable[str], after: Iterable[str], named: set[str]
) -> tuple[str, ...]:
    """Warnings `after` a change of the fields `named`, behind those that only an import's file could give."""
    outdated = {*before, *after}
    kept = (each for each in stored if each not in outdated and each.partition(":")[0] not in named)
    return (*kept, *after)


def workout_put(
    new: Workout, beside: Mapping[str, Any], shards: int, correlation_id: str, edited_at: datetime
) -> Item:
    """The item of a workout that an athlete changed, with what `beside` (the item before) holds beside it."""
    return {
        **{name: value for name, value in beside.items() if name not in _WORKOUT},
        **workout_item(new, shards),
        CORRELATION_ID: correlation_id,
        EDITED_AT: time_text(edited_at),
    }


def session_put(new: Session, beside: Mapping[str, Any], correlation_id: str, edited_at: datetime) -> Item:
    """The item of a session that an athlete changed, with what `beside` (the item before) holds beside it."""
    return {
        **{name: value for name, value in beside.items() if name not in _SESSION},
        **session_item(new),
        CONTENT_HASH: head_hash(new),
        CORRELATION_ID: correlation_id,
        EDITED_AT: time_text(edited_at),
    }
