"""Workouts and sessions as items of the table `Workouts`: what workers write and api reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wotr_common import keys
from wotr_common.session import Session, TrainingSet
from wotr_common.workout import Workout, content_hash

_KEY_ATTRIBUTES = {
    keys.PK,
    keys.SK,
    keys.TIME_INDEX_PK,
    keys.TIME_INDEX_SK,
    keys.TYPE_INDEX_PK,
    "contentHash",
}


def workout_item(workout: Workout, shards: int) -> dict[str, Any]:
    """The item to put: numbers as Decimal, absent fields left out, index keys for `shards` shards."""
    shard = keys.shard_of(workout.user_id, shards)
    fields = workout.model_dump(by_alias=True, exclude_none=True)
    fields["warnings"] = list(workout.warnings)
    return {
        **fields,
        **keys.workout_key(workout.user_id, workout.started_at),
        keys.TIME_INDEX_PK: keys.time_index_pk(workout.started_at, shard),
        keys.TIME_INDEX_SK: fields["startedAt"],
        keys.TYPE_INDEX_PK: keys.type_index_pk(workout.type, shard),
        "contentHash": content_hash(workout),
    }


def workout_from_item(item: Mapping[str, Any]) -> Workout:
    """The workout in an item (numbers as Decimal); attributes that later versions add are ignored."""
    return Workout.model_validate(
        {name: value for name, value in item.items() if name not in _KEY_ATTRIBUTES}
    )


def session_item(session: Session) -> dict[str, Any]:
    """The item to put: numbers as Decimal, absent fields left out, sets in their order."""
    fields = session.model_dump(by_alias=True, exclude_none=True)
    fields["date"] = session.date.isoformat()
    fields["warnings"] = list(session.warnings)
    fields["sets"] = set_items(session.sets)
    return {**fields, **keys.session_key(session.user_id, session.session_id)}


def session_from_item(item: Mapping[str, Any]) -> Session:
    """The session in an item (numbers as Decimal); attributes that later versions add are ignored."""
    fields = {name: value for name, value in item.items() if name not in {keys.PK, keys.SK}}
    fields["sets"] = [
        {**each, "reps": int(each["reps"])} if "reps" in each else each for each in item.get("sets", ())
    ]
    return Session.model_validate(fields)


def set_items(sets: Iterable[TrainingSet]) -> list[dict[str, Any]]:
    """Sets as they lie in a session's item, in their order."""
    return [_set(each.model_dump(by_alias=True, exclude_none=True)) for each in sets]


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    warnings = fields.pop("warnings")
    return {**fields, "warnings": list(warnings)} if warnings else fields
